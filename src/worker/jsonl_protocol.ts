/**
 * JSON Lines: one line of features for each line with a picture.
 *
 * @module
 */

import { printable } from "../errors/printable.ts";
import {
  base64Values,
  type JsonValues,
  nestedValues,
} from "../tables/jsonl.ts";
import { GrowingBytes } from "../runtime/growing_bytes.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import {
  type PictureAnswer,
  type PictureRequest,
  type Protocol,
  type ProtocolSettings,
  tooLarge,
  type WorkerRequest,
} from "./protocol.ts";

/**
 * In: `{"path": …}`, `{"path": …, "base64": …}`, or just the path; empty lines are skipped. Out: the
 * lines of a `.jsonl` file. The answer to a malformed line is its error.
 */
export function jsonlProtocol(
  { columns, maxBytes, timings }: ProtocolSettings,
  form: JsonValues,
): Protocol {
  const toJson = form === "plain"
    ? ({ data, shape }: ShapedArray) => nestedValues(data, shape)
    : ({ data, shape }: ShapedArray) =>
      base64Values(
        { dtype: "float32", shape },
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
  const lineOf = (
    { path, values, error, decodeSeconds, computeSeconds }: PictureAnswer,
  ) => {
    const line: Record<string, unknown> = { path, error: error?.message };
    for (const { name } of columns) {
      line[name] = values ? toJson(values[name]) : null;
    }
    if (timings) {
      line.decode_seconds = decodeSeconds;
      line.compute_seconds = computeSeconds;
    }
    return `${printable(JSON.stringify(line))}\n`;
  };
  return {
    head: new Uint8Array(),
    tail: new Uint8Array(),
    async *requests(input): AsyncGenerator<WorkerRequest> {
      for await (const line of boundedLines(input, maxBytes)) {
        if (line !== "") yield [requestOf(line)];
      }
    },
    encode: (answers) => new TextEncoder().encode(answers.map(lineOf).join("")),
  };
}

function requestOf(line: string): PictureRequest {
  if (!line.startsWith("{")) return { path: line };
  let path = "";
  try {
    const request = JSON.parse(line);
    if (typeof request.path === "string") path = request.path;
    const { base64 } = request;
    if (base64 === undefined && path !== "") return { path };
    if (typeof base64 !== "string") {
      throw new TypeError('expected {"path": …} or {"path": …, "base64": …}');
    }
    const content = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return { path, content };
  } catch (cause) {
    const error = new SyntaxError(
      `cannot read a request: ${(cause as Error).message}`,
      { cause },
    );
    return { path, error };
  }
}

/** Lines without their ends, each at most `maxBytes` long. */
async function* boundedLines(
  input: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string> {
  const bytes = new GrowingBytes();
  const hold = (piece: Uint8Array) => {
    if (bytes.length + piece.length > maxBytes) {
      throw tooLarge(`more than ${maxBytes}`, maxBytes);
    }
    bytes.append(piece);
  };
  const line = () => new TextDecoder().decode(bytes.take()).replace(/\r$/, "");
  // Cancelling would wait for a source that may never send anything again.
  for await (const chunk of input.values({ preventCancel: true })) {
    let from = 0;
    for (let to; (to = chunk.indexOf(0x0a, from)) >= 0; from = to + 1) {
      hold(chunk.subarray(from, to));
      yield line();
    }
    hold(chunk.subarray(from));
  }
  if (bytes.length > 0) yield line();
}
