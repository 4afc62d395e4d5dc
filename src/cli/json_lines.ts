import { printable } from "../errors/printable.ts";
import type { ExtractFilesOptions } from "../extract/compute_nodes.ts";
import { decodeFloat16, encodeFloat16 } from "../formats/float16.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import type { ResNet } from "../model/model.ts";
import type { Io } from "./command.ts";
import type { Failures } from "./failures.ts";

/** How to write the lines. */
interface LineOptions extends ExtractFilesOptions {
  readonly dtype: "float32" | "float16";
  readonly jsonValues: "base64" | "plain";
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/**
 * Prints the lines of a `.jsonl` while they are computed.
 *
 * @returns The number of pictures.
 */
export async function printLines(
  model: ResNet,
  files: AsyncIterable<string>,
  layers: readonly string[],
  options: LineOptions,
  failures: Failures,
  io: Io,
): Promise<number> {
  const { extractFiles } = await import("../extract/extract_files.ts");
  const { base64Values, nestedValues } = await import("../tables/jsonl.ts");
  const { dtype, jsonValues, signal, onProgress } = options;
  const toJson = ({ data, shape }: ShapedArray) => {
    const halves = dtype === "float16" ? encodeFloat16(data) : undefined;
    if (jsonValues === "plain") {
      return halves
        ? nestedValues(decodeFloat16(halves), shape, 5)
        : nestedValues(data, shape);
    }
    const { buffer, byteOffset, byteLength } = halves ?? data;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return base64Values({ dtype, shape }, bytes);
  };
  let count = 0;
  for await (
    const { path, values, error } of extractFiles(model, files, layers, options)
  ) {
    if (error) failures.picture(error);
    const line: Record<string, unknown> = { path, error: error?.message };
    for (const name of layers) {
      line[name] = values ? toJson(values[name]) : null;
    }
    await io.stdout.write(`${printable(JSON.stringify(line))}\n`);
    onProgress(++count);
    signal.throwIfAborted();
  }
  return count;
}
