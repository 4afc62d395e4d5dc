import { asIs, expected } from "../errors/expected.ts";
import { decodeElements, itemSize, toFloat32 } from "../formats/elements.ts";
import { type NpyHeader, parseNpyHeader } from "../formats/npy.ts";
import { decodeNpyText } from "../formats/npy_text.ts";
import { openZip } from "../formats/zip.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { rowBlocks } from "../tables/row_blocks.ts";
import type { VectorRow } from "./similar.ts";
import { type NodeChooser, originOf, type VectorFile } from "./vector_file.ts";

/** Longer than the header of an array with few dimensions. */
const maxHeader = 4096;

/** Longer than what this package writes into the array `about`, in bytes. */
const maxAbout = 2 ** 20;

/** Bytes with random access: a file, or a `.npy` inside a `.npz`. */
export interface Part {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a `.npy`; rows are named by their number. */
export async function openNpy(source: ByteSource): Promise<VectorFile> {
  const header = await headerOf(source);
  return {
    shape: header.shape.slice(1),
    about: {},
    rows: () => rows(source, header, numbers(source.name)),
    close: () => source.close(),
  };
}

/** Opens an array of a `.npz`; rows are named by the array `path`, or by their number without it. */
export async function openNpz(
  source: ByteSource,
  choose: NodeChooser,
): Promise<VectorFile> {
  const zip = await openZip(source);
  const part = (name: string): Part => ({
    name: source.name,
    size: zip.entries.get(`${name}.npy`)!.size,
    read: (offset, length) => zip.readRange(`${name}.npy`, offset, length),
  });
  const names = [...zip.entries.keys()].map((n) => n.replace(/\.npy$/, ""));
  const name = choose(
    source.name,
    names.filter((n) => n !== "path" && n !== "about"),
  );
  const array = part(name);
  const header = await headerOf(array);
  const paths = () =>
    names.includes("path") ? texts(part("path")) : numbers(source.name);
  return {
    node: name,
    shape: header.shape.slice(1),
    about: names.includes("about") ? await aboutOf(part("about")) : {},
    rows: () => rows(array, header, paths()),
    close: () => source.close(),
  };
}

/** What this package wrote into the file, a NumPy string of JSON; nothing in others' files. */
async function aboutOf(part: Part): Promise<VectorFile["about"]> {
  const bytes = await part.read(0, Math.min(part.size, maxAbout));
  return originOf(decodeNpyText(bytes, part.name), part.name);
}

async function headerOf(part: Part): Promise<NpyHeader> {
  const start = await part.read(0, Math.min(maxHeader, part.size));
  const header = parseNpyHeader(start, part.name);
  const { shape, dtype, fortranOrder } = header;
  if (shape.length < 2 || fortranOrder) {
    const order = fortranOrder ? " in Fortran order" : "";
    throw new TypeError(expected(
      part.name,
      "an array [N, …] in C order",
      asIs(`${dtype} [${shape.join(", ")}]${order}`),
    ));
  }
  return header;
}

/** What the rows of an array are read by. */
type RowLayout = Omit<NpyHeader, "fortranOrder">;

/** The rows of an array, with their names. */
export async function* rows(
  part: Part,
  { shape: [count, ...shape], dtype, dataOffset, littleEndian }: RowLayout,
  paths: AsyncIterator<string>,
): AsyncGenerator<VectorRow> {
  const length = shape.reduce((a, b) => a * b);
  const size = itemSize(dtype) * length;
  for await (const bytes of blocks(part, dataOffset, count, size)) {
    const values = toFloat32(decodeElements(bytes, dtype, littleEndian));
    for (let at = 0; at < values.length; at += length) {
      const { value: path } = await paths.next();
      yield { path, vector: values.subarray(at, at + length) };
    }
  }
}

/** The bytes of all rows, in blocks. */
async function* blocks(
  part: Part,
  offset: number,
  count: number,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const { from, to } of rowBlocks(count, size)) {
    yield await part.read(offset + from * size, (to - from) * size);
  }
}

/** An array of NumPy strings: UTF-32, padded with zeros. */
async function* texts(part: Part): AsyncGenerator<string> {
  const start = await part.read(0, Math.min(maxHeader, part.size));
  const [, width, count] = /'<U(\d+)'.*\((\d+),\)/
    .exec(new TextDecoder().decode(start)) ?? [];
  if (width === undefined) {
    throw new SyntaxError(
      `cannot read "${part.name}": its array "path" doesn't hold strings`,
    );
  }
  const size = 4 * Number(width);
  const offset = 10 + new DataView(start.buffer).getUint16(8, true);
  for await (const bytes of blocks(part, offset, Number(count), size)) {
    const characters = new Uint32Array(bytes.buffer);
    for (let at = 0; at < characters.length; at += size / 4) {
      const row = characters.subarray(at, at + size / 4);
      const end = row.indexOf(0);
      yield String.fromCodePoint(...end < 0 ? row : row.subarray(0, end));
    }
  }
}

/** Names for rows without one: `features.npy[3]`. */
export async function* numbers(name: string): AsyncGenerator<string> {
  for (let i = 0;; i++) yield `${name}[${i}]`;
}
