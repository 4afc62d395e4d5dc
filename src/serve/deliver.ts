/**
 * From a finished body to the client, however slowly it takes it.
 *
 * @module
 */

/** What is sent. */
export interface Answer {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  readonly type: string;
}

/** Handed to the server at once; of less nobody need take note. */
const partBytes = 1 << 16;

/**
 * A response whose request counts as inside until the client has fetched all but the last part, so
 * that answers that nobody fetches can't pile up.
 *
 * @param seconds The client is cut off if it takes longer for a part.
 * @param inside Disposed at the end.
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
      controller.error(new Error(`the client took no part in ${seconds} s`));
      end();
    }, seconds * 1000);
  }
  return new Response(stream, { headers });
}
