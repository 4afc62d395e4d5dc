/**
 * Zip-format `.pth` files of any size, as PyTorch 1.13 writes them, byte for byte: storages
 * ordered as strings and aligned to 64 bytes, sizes after the data, zip64 at the end.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { encodeFloat16 } from "../../src/formats/float16.ts";
import type { Checkpoint, StoredTensor } from "../../src/weights/checkpoint.ts";
import { writeFile } from "../../src/weights/write_file.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Writes the file, in one step for who reads it, with one tensor in memory at a time. */
export async function writePth(
  checkpoint: Checkpoint,
  path: string,
): Promise<void> {
  await writeFile(path, ReadableStream.from(pthChunks(checkpoint)));
}

/** The same in memory. */
export async function pthBytes(checkpoint: Checkpoint): Promise<Bytes> {
  return await new Response(ReadableStream.from(pthChunks(checkpoint))).bytes();
}

/** The parts of the file, in order. */
export async function* pthChunks(
  checkpoint: Checkpoint,
): AsyncGenerator<Bytes> {
  const directory: Bytes[] = [];
  let at = 0;
  async function* entry(path: string, content: Bytes | Promise<Bytes>) {
    const name = latin1(`archive/${path}`);
    const unpadded = at + 34 + name.length;
    const padding = (64 - unpadded % 64) % 64;
    const flags = [0, 0x0808, 0, 0, 0]; // sizes behind the data, names in UTF-8
    const header = concat(
      latin1("PK\x03\x04"),
      u16(...flags),
      u32(0, 0, 0),
      u16(name.length, 4 + padding),
      name,
      latin1("FB"),
      u16(padding),
      latin1("Z".repeat(padding)),
    );
    yield header;
    const data = await content;
    yield data;
    const sizes = u32(crc32(data), data.length, data.length);
    yield concat(latin1("PK\x07\x08"), sizes);
    directory.push(concat(
      latin1("PK\x01\x02"),
      u16(0, ...flags),
      sizes,
      u16(name.length, 0, 0, 0, 0),
      u32(0, at),
      name,
    ));
    at += header.length + data.length + 16;
  }

  const tensors = [...checkpoint.tensors];
  yield* entry("data.pkl", statePickle(tensors));
  const keys = tensors.map((_, i) => String(i)).sort();
  for (const key of keys) {
    const [name, { dtype }] = tensors[Number(key)];
    yield* entry(`data/${key}`, checkpoint.read(name).then(types[dtype].store));
  }
  yield* entry("version", latin1("3\n"));

  const count = directory.length;
  const records = concat(...directory);
  yield concat(
    records,
    latin1("PK\x06\x06"),
    u64(44),
    u16(0x031e, 0x2d),
    u32(0, 0),
    u64(count, count, records.length, at),
    latin1("PK\x06\x07"),
    u32(0),
    u64(at + records.length),
    u32(1),
    latin1("PK\x05\x06"),
    u16(0, 0, count, count),
    u32(records.length, at),
    u16(0),
  );
}

/** Storage class of each type, and its bytes. */
const types: Record<
  string,
  { storage: string; store: (values: Float32Array<ArrayBuffer>) => Bytes }
> = {
  float32: { storage: "FloatStorage", store: bytesOf },
  float16: {
    storage: "HalfStorage",
    store: (values) => bytesOf(encodeFloat16(values)),
  },
  int64: {
    storage: "LongStorage",
    store: (values) => bytesOf(BigInt64Array.from(values, BigInt)),
  },
};

/** An OrderedDict of tensors, each with its own storage; the memo is CPython's. */
function statePickle(tensors: readonly [string, StoredTensor][]): Bytes {
  const parts: Bytes[] = [];
  const memo = new Map<string, number>();
  let memoized = 0;
  const op = (opcode: string, ...operands: Bytes[]) =>
    parts.push(latin1(opcode), ...operands);
  const put = () => {
    const index = memoized++;
    if (index < 256) op("q", latin1(String.fromCharCode(index)));
    else op("r", u32(index));
  };
  const once = (key: string, write: () => void) => {
    const index = memo.get(key);
    if (index === undefined) {
      write();
      memo.set(key, memoized);
      put();
    } else if (index < 256) op("h", latin1(String.fromCharCode(index)));
    else op("j", u32(index));
  };
  const global = (module: string, name: string) =>
    once(name, () => op(`c${module}\n${name}\n`));
  const string = (value: string) =>
    once(`"${value}"`, () => op("X", u32(value.length), latin1(value)));
  const integer = (value: number) => {
    if (value < 2 ** 8) op("K", latin1(String.fromCharCode(value)));
    else if (value < 2 ** 16) op("M", u16(value));
    else op("J", u32(value));
  };
  const tuple = (values: readonly number[]) => {
    if (values.length === 0) return op(")");
    if (values.length > 3) op("(");
    values.forEach(integer);
    op(["", "\x85", "\x86", "\x87"][values.length] ?? "t");
    put();
  };

  op("\x80\x02");
  global("collections", "OrderedDict");
  op(")R");
  put();
  op("(");
  tensors.forEach(([name, { shape, dtype }], key) => {
    string(name);
    global("torch._utils", "_rebuild_tensor_v2");
    op("((");
    string("storage");
    global("torch", types[dtype].storage);
    string(String(key));
    string("cpu");
    integer(product(shape));
    op("t");
    put();
    op("QK\0");
    tuple(shape);
    tuple(shape.map((_, d) => product(shape.slice(d + 1))));
    op("\x89");
    global("collections", "OrderedDict");
    op(")R");
    put();
    op("t");
    put();
    op("R");
    put();
  });
  op("u.");
  return concat(...parts);
}

const product = (values: readonly number[]) =>
  values.reduce((a, b) => a * b, 1);

const latin1 = (text: string): Bytes =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));

function bytesOf(values: ArrayBufferView<ArrayBuffer>): Bytes {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

// Typed arrays are little-endian wherever JavaScript runs, as zip and pickle are.
const u16 = (...values: number[]) => bytesOf(Uint16Array.from(values));
const u32 = (...values: number[]) => bytesOf(Uint32Array.from(values));
const u64 = (...values: number[]) =>
  bytesOf(BigUint64Array.from(values, BigInt));

function concat(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
