import { npyHeader } from "../formats/npy.ts";
import { createZip } from "../formats/zip.ts";
import type { ShapedArray } from "./layout.ts";

/** An array of a `.npz`, in the pieces that it is stacked from: a batch each, `[N, …]`. */
export interface StackedArray {
  /** The key under which NumPy finds it, e.g. the node's name. */
  readonly name: string;
  /** At least one; they may differ in the first dimension only. */
  readonly pieces: readonly ShapedArray[];
}

/**
 * The bytes of a `.npz` as NumPy's `savez` makes it, float32 and not compressed.
 *
 * The pieces are neither joined nor copied in memory. An error, of `arrays` too, is the stream's.
 *
 * @throws {TypeError} Out of the stream, if the pieces of an array can't be stacked.
 */
export function npzStream(
  arrays: Iterable<StackedArray> | AsyncIterable<StackedArray>,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream();
  writeNpz(arrays, writable).catch((error) => writable.abort(error));
  return readable;
}

async function writeNpz(
  arrays: Iterable<StackedArray> | AsyncIterable<StackedArray>,
  destination: WritableStream<Uint8Array>,
): Promise<void> {
  const zip = await createZip(destination);
  for await (const { name, pieces } of arrays) {
    const header = npyHeader("float32", stackedShape(name, pieces));
    await zip.add(`${name}.npy`, streamOf([header, ...pieces.map(bytesOf)]));
  }
  await zip.close();
}

function stackedShape(
  name: string,
  pieces: readonly ShapedArray[],
): number[] {
  const [, ...item] = pieces[0].shape;
  let length = 0;
  for (const { shape: [n, ...rest] } of pieces) {
    if (`${rest}` !== `${item}`) {
      throw new TypeError(
        `cannot stack "${name}": got an array of shape [${
          [n, ...rest].join(", ")
        }], [${["N", ...item].join(", ")}] is allowed, as the first has it`,
      );
    }
    length += n;
  }
  return [length, ...item];
}

function bytesOf({ data }: ShapedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function streamOf(
  chunks: readonly Uint8Array[],
): ReadableStream<Uint8Array> {
  const rest = chunks.values();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = rest.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
