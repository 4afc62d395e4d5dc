/**
 * The frames of an Arrow IPC stream. A frame's size is checked before it is read.
 *
 * Source: Apache Arrow, "Encapsulated message format".
 *
 * @module
 */

import type { ByteQueue } from "../formats/byte_queue.ts";
import { isSound } from "./check_metadata.ts";
import { tooLarge } from "./protocol.ts";

/** A message of a stream. */
export interface Frame {
  readonly kind: "schema" | "dictionary" | "batch" | "other";
  /** Decodes what its metadata says of its body. */
  header(): unknown;
  /** Its bytes in pieces: the prefix, the metadata, the body. */
  readonly bytes: readonly Uint8Array<ArrayBuffer>[];
}

/** Starts each frame since Arrow 0.15. */
const CONTINUATION = 0xffffffff;

/**
 * Reads the frames of a stream up to its end mark or its end.
 *
 * @throws {SyntaxError} If the bytes are not a frame, or end inside one.
 * @throws {RangeError} If a frame has more than `maxBytes`; nothing is allocated for it.
 */
export async function* readFrames(
  input: ByteQueue,
  maxBytes: number,
): AsyncGenerator<Frame> {
  const { Message, MessageHeader } = await import("@apache-arrow/esnext-esm");
  const kinds: Partial<Record<number, Frame["kind"]>> = {
    [MessageHeader.Schema]: "schema",
    [MessageHeader.DictionaryBatch]: "dictionary",
    [MessageHeader.RecordBatch]: "batch",
  };
  while (!await input.isAtEnd()) {
    const prefix = await input.take(8);
    const view = new DataView(prefix.buffer);
    const length = view.getUint32(4, true);
    if (view.getUint32(0, true) !== CONTINUATION) {
      throw new SyntaxError(
        `cannot read "${input.name}": expected a frame of an Arrow stream at byte ${
          input.position - 8
        }; for JSON Lines choose the protocol "jsonl"`,
      );
    }
    if (length === 0) return;
    if (length > maxBytes) throw tooLarge(length, maxBytes);
    const metadata = await input.take(length);
    const message = decode(metadata);
    const { headerType, bodyLength } = message;
    const size = 8 + length + bodyLength;
    if (!(bodyLength >= 0 && size <= maxBytes)) throw tooLarge(size, maxBytes);
    const body = await input.take(bodyLength);
    yield {
      kind: kinds[headerType] ?? "other",
      header: () => message.header(),
      bytes: [prefix, metadata, body],
    };
  }

  function decode(metadata: Uint8Array) {
    const damaged = (cause?: unknown) =>
      new SyntaxError(
        `cannot read "${input.name}": the Arrow frame before byte ${input.position} is damaged`,
        { cause },
      );
    if (!isSound(metadata)) throw damaged();
    try {
      return Message.decode(metadata);
    } catch (cause) {
      throw damaged(cause);
    }
  }
}
