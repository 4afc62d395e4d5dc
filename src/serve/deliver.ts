/**
 * Sends a body at the client's pace.
 *
 * @module
 */

import "../runtime/dispose.ts";
import type { Answer } from "./engine.ts";

/** Bytes to hand over at a time; a body up to that size goes out at once. */
const partBytes = 1 << 16;

/**
 * A response whose request counts as inside the gate until the client has fetched all but the last
 * part, so that unfetched answers can't pile up.
 *
 * @param seconds The most time that the client may take for one part.
 * @param inside The request's place in the gate; disposed at the end.
 */
export function deliver(
  { body, type }: Answer,
  seconds: number,
  inside: Disposable,
): Response {
  const headers = {
    "content-type": type,
    "content-length": `${body.length}`,
  };
  const end = () => inside[Symbol.dispose]();
  if (body.length <= partBytes) {
    end();
    return new Response(body, { headers });
  }
  let at = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      wait(controller);
    },
    pull(controller) {
      controller.enqueue(body.subarray(at, at += partBytes));
      clearTimeout(timer);
      if (at < body.length) return wait(controller);
      controller.close();
      end();
    },
    cancel() {
      clearTimeout(timer);
      end();
    },
  }, { highWaterMark: 0 });

  function wait(controller: ReadableStreamDefaultController): void {
    timer = setTimeout(() => {
      controller.error(
        new Error(`the client fetched nothing for ${seconds} s`),
      );
      end();
    }, seconds * 1000);
  }
  return new Response(stream, { headers });
}
