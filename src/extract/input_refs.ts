/**
 * The pictures that files hold, one by one, before they are read.
 *
 * @module
 */

import { asIs, expected } from "../errors/expected.ts";
import type { NpyHeader } from "../formats/npy.ts";
import { nchwToNhwc, type ShapedArray } from "../formats/shaped_array.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { namedFile, type NamedFileOptions } from "../runtime/named_file.ts";
import { openByteSource } from "../runtime/open_source.ts";

/** A picture that is not read yet. */
export interface InputRef {
  /** Its name: the file's, or `x.npy[3]` for a picture of a batch. */
  readonly path: string;
  /** Reads it: `[H, W, 3]`, normalized. */
  load(): Promise<ShapedArray>;
}

/**
 * Lists the pictures of files. Load each before you ask for the next, or soon after.
 *
 * A file whose name ends in `.npy` holds a normalized float32 batch `[N, 3, H, W]`; any other file
 * is one picture.
 *
 * @param load Reads a picture file.
 * @param named Which files the names may stand for.
 */
export async function* inputRefs(
  files: Iterable<string> | AsyncIterable<string>,
  load: (file: string) => Promise<ShapedArray>,
  named: NamedFileOptions = {},
): AsyncGenerator<InputRef> {
  for await (const file of files) {
    if (file.toLowerCase().endsWith(".npy")) yield* npyRefs(file, named);
    else yield { path: file, load: () => load(file) };
  }
}

/** The number of pictures in files; only the headers of `.npy` files are read. */
export async function countInputs(
  files: Iterable<string> | AsyncIterable<string>,
  named: NamedFileOptions = {},
): Promise<number> {
  let count = 0;
  const refs = inputRefs(files, () => Promise.reject(), named);
  for await (const _ of refs) count++;
  return count;
}

/** The pictures of a `.npy` file in PyTorch's layout. */
async function* npyRefs(
  file: string,
  named: NamedFileOptions,
): AsyncGenerator<InputRef> {
  let batch: { source: ByteSource; header: NpyHeader };
  try {
    batch = await openBatch(file, named);
  } catch (error) {
    yield { path: file, load: () => Promise.reject(error) };
    return;
  }
  const { source, header } = batch;
  const { decodeElements } = await import("../formats/elements.ts");
  const [count, ...item] = header.shape;
  const size = 4 * item.reduce((a, b) => a * b);
  const reading = new Set<Promise<unknown>>();
  const load = async (i: number): Promise<ShapedArray> => {
    const read = source.read(header.dataOffset + i * size, size);
    reading.add(read);
    const bytes = await read.finally(() => reading.delete(read));
    const data = decodeElements(bytes, "float32", header.littleEndian);
    const { data: nhwc, shape: [, ...shape] } = nchwToNhwc({
      data: data as Float32Array<ArrayBuffer>,
      shape: [1, ...item],
    });
    return { data: nhwc, shape };
  };
  try {
    for (let i = 0; i < count; i++) {
      yield { path: `${file}[${i}]`, load: () => load(i) };
    }
  } finally {
    await Promise.allSettled(reading);
    source.close();
  }
}

async function openBatch(file: string, named: NamedFileOptions) {
  const { parseNpyHeader } = await import("../formats/npy.ts");
  const source = await openByteSource(await namedFile(file, named));
  try {
    // Longer than any header that NumPy writes for such an array.
    const start = await source.read(0, Math.min(source.size, 4096));
    const header = parseNpyHeader(start, file);
    const { dtype, shape, fortranOrder, dataOffset } = header;
    const array = `${dtype} [${shape.join(", ")}]`;
    const isBatch = shape.length === 4 && shape[1] === 3 && !shape.includes(0);
    if (dtype !== "float32" || !isBatch || fortranOrder) {
      throw new TypeError(expected(
        file,
        "a normalized batch, float32 [N, 3, H, W]",
        asIs(fortranOrder ? `${array} in Fortran order` : array),
      ));
    }
    const size = dataOffset + 4 * shape.reduce((a, b) => a * b);
    if (source.size !== size) {
      throw new SyntaxError(
        expected(file, `${size} bytes for ${array}`, source.size),
      );
    }
    return { source, header };
  } catch (error) {
    source.close();
    throw error;
  }
}
