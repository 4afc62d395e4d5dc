/** What the tests of extraction share. */

import { unzipSync } from "fflate";
import { parquetReadObjects } from "hyparquet";
import type { ArchRow } from "../../mod.ts";
import { decodeNpy } from "../../src/formats/npy.ts";

/** A fast network with 64, 128, 256 and 512 channels. */
export const tiny: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 0,
};

/** Four of the example pictures. */
export const pictures: readonly string[] = [
  "astronaut.png",
  "chelsea.png",
  "coffee.png",
  "rocket.jpg",
].map((name) => `examples/images/${name}`);

/** Runs a test in a temporary folder. */
export async function inFolder(
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** An array of a file. */
export interface FileArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The arrays of a `.npz`, and its paths. */
export function readNpz(bytes: Uint8Array): {
  arrays: Map<string, FileArray>;
  paths: string[];
  about?: Record<string, unknown>;
} {
  const { "path.npy": paths, "about.npy": about, ...entries } = unzipSync(
    bytes,
  );
  const arrays = Object.entries(entries).map(([entry, bytes]) =>
    [
      entry.replace(/\.npy$/, ""),
      decodeNpy(bytes as Uint8Array<ArrayBuffer>, entry) as FileArray,
    ] as const
  );
  return {
    arrays: new Map(arrays),
    paths: readTexts(paths),
    about: about && JSON.parse(readTexts(about)[0]),
  };
}

/** An array of NumPy strings. */
function readTexts(npy: Uint8Array): string[] {
  const header = 10 + npy[8] + 256 * npy[9];
  const [, width, length] = /'<U(\d+)', .* 'shape': \((\d*),?\)/
    .exec(new TextDecoder().decode(npy.subarray(0, header)))!;
  const count = length === "" ? 1 : Number(length);
  const utf32 = new Uint32Array(npy.slice(header).buffer);
  return Array.from(
    { length: count },
    (_, i) =>
      String.fromCodePoint(...utf32.subarray(i * +width, (i + 1) * +width))
        .replace(/\0+$/, ""),
  );
}

/** The rows of a `.parquet`. */
export async function readParquet(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Record<string, unknown>[]> {
  const { buffer } = bytes.slice();
  return await parquetReadObjects({ file: buffer });
}

/** The header and the tensors of a `.safetensors`. */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>) {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { __metadata__: _, ...header }: Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  > = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return new Map(
    Object.entries(header).map((
      [name, { data_offsets: [from, to], ...rest }],
    ) => [
      name,
      { ...rest, bytes: bytes.slice(8 + length + from, 8 + length + to) },
    ]),
  );
}
