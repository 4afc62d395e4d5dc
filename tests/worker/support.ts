/** For the worker's tests: requests to bytes, and bytes to answers. */

import * as arrow from "@apache-arrow/esnext-esm";
import { concat } from "../../src/formats/concat.ts";

/** A picture of a request; without content it is a file. */
export interface Picture {
  readonly path: string;
  readonly content?: Uint8Array | null;
}

/** One answer. */
export interface Answer {
  readonly path: string;
  readonly error: string | null;
  readonly [node: string]: unknown;
}

/** An Arrow stream of requests as frames: the schema, the batches, the end mark. */
export function requestFrames(
  batches: readonly (readonly Picture[])[],
): Uint8Array[] {
  const fields = [
    new arrow.Field("path", new arrow.Utf8(), false),
    new arrow.Field("length", new arrow.Int64(), false),
    new arrow.Field("content", new arrow.Binary(), true),
  ];
  const schema = new arrow.Schema(fields);
  const empty = arrow.tableToIPC(new arrow.Table(schema), "stream");
  const frames = [empty.subarray(0, -8)];
  for (const rows of batches) {
    const columns = [
      rows.map(({ path }) => path),
      rows.map(({ content }) => BigInt(content?.length ?? 0)),
      rows.map(({ content }) => content ?? null),
    ];
    const children = columns.map((values, i) =>
      arrow.vectorFromArray(values as never[], fields[i].type).data[0]
    );
    const type = new arrow.Struct(fields);
    const data = arrow.makeData({ type, length: rows.length, children });
    const batch = new arrow.RecordBatch(schema, data as never);
    const stream = arrow.tableToIPC(new arrow.Table(batch), "stream");
    frames.push(stream.subarray(frames[0].length, -8));
  }
  return [...frames, empty.subarray(-8)];
}

/** The same stream in one piece. */
export function requestBytes(
  batches: readonly (readonly Picture[])[],
): Uint8Array<ArrayBuffer> {
  return concat(requestFrames(batches));
}

/** The answers of an Arrow stream, by batch; lists are float32 arrays. */
export function readAnswers(bytes: Uint8Array): Answer[][] {
  const reader = arrow.RecordBatchReader.from(bytes);
  return [...reader].map((batch) =>
    Array.from(
      { length: batch.numRows },
      (_, i) =>
        Object.fromEntries(batch.schema.fields.map(({ name }) => {
          const value = batch.getChild(name)!.get(i);
          return [name, value?.toArray ? value.toArray() : value];
        })) as unknown as Answer,
    )
  );
}

/** A stream of `size` bytes at a time, whatever the frames. */
export function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  size = 1000,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}
