/**
 * A local server that stands for the hosts of weights, records requests, and fails in the ways that
 * tests ask for.
 *
 * @module
 */

/** A request, and how many bytes were sent. */
export interface Served {
  readonly path: string;
  readonly range: string | null;
  readonly ifRange: string | null;
  readonly status: number;
  sent: number;
}

/** Answers a request wrongly; `normal` makes the right response. */
export type Fault = (
  request: Request,
  normal: () => Promise<Response>,
) => Response | Promise<Response>;

interface File {
  readonly size: number;
  readonly etag: string;
  read(offset: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

const CHUNK = 64 * 1024;

/** Serves files from memory and disk under `/<host>/<path>`, with byte ranges. */
export class WeightsServer {
  readonly served: Served[] = [];
  /** Whether it supports ranges. */
  hasRanges = true;
  readonly #files = new Map<string, File>();
  readonly #faults = new Map<string, Fault[]>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen() {},
        // Some tests break off a body.
        onError: () => new Response(null, { status: 500 }),
      },
      (request) => this.#serve(request),
    );
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Sends requests for any host to this server. */
  readonly fetch: typeof fetch = (input, init) => {
    const { host, pathname } = new URL(String(input));
    const isHere = host === `127.0.0.1:${this.#server.addr.port}`;
    const path = isHere ? pathname : `/${host}${pathname}`;
    return fetch(`${this.origin}${path}`, init);
  };

  /** Bytes sent in all. */
  get sent(): number {
    return this.served.reduce((sum, { sent }) => sum + sent, 0);
  }

  /** Serves bytes at a URL of any host, instead of earlier ones. */
  put(url: string, bytes: Uint8Array<ArrayBuffer>, etag?: string): void {
    this.#files.set(pathOf(url), {
      size: bytes.length,
      etag: etag ?? `"${crypto.randomUUID()}"`,
      read: (offset, end) => Promise.resolve(bytes.subarray(offset, end)),
    });
  }

  /** Serves a file on disk. */
  async putFile(url: string, path: string): Promise<void> {
    const { size } = await Deno.stat(path);
    this.#files.set(pathOf(url), {
      size,
      etag: `"${crypto.randomUUID()}"`,
      async read(offset, end) {
        using file = await Deno.open(path);
        await file.seek(offset, Deno.SeekMode.Start);
        const bytes = new Uint8Array(end - offset);
        for (let at = 0; at < bytes.length;) {
          at += await file.read(bytes.subarray(at)) ?? bytes.length;
        }
        return bytes;
      },
    });
  }

  /** Makes the next requests for a URL fail, one after the other. */
  fail(url: string, ...faults: Fault[]): void {
    const path = pathOf(url);
    this.#faults.set(path, [...this.#faults.get(path) ?? [], ...faults]);
  }

  /** Forgets the requests and the faults to come. */
  reset(): void {
    this.served.length = 0;
    this.#faults.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const normal = () => this.#answer(request);
    const fault = this.#faults.get(pathname)?.shift();
    const response = await (fault?.(request, normal) ?? normal());
    const served: Served = {
      path: pathname,
      range: request.headers.get("range"),
      ifRange: request.headers.get("if-range"),
      status: response.status,
      sent: 0,
    };
    this.served.push(served);
    const counted = response.body?.pipeThrough(
      new TransformStream<Uint8Array>({
        transform(chunk, controller) {
          served.sent += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, response);
  }

  #answer(request: Request): Promise<Response> {
    const file = this.#files.get(new URL(request.url).pathname);
    if (file === undefined) {
      return Promise.resolve(new Response("not here", { status: 404 }));
    }
    const ifRange = request.headers.get("if-range");
    const [, first, last] = /^bytes=(\d+)-(\d*)$/
      .exec(request.headers.get("range") ?? "") ?? [];
    const { size, etag } = file;
    if (
      first === undefined || !this.hasRanges ||
      (ifRange !== null && ifRange !== etag)
    ) {
      const headers = { etag, "content-length": `${size}` };
      return Promise.resolve(
        new Response(bodyOf(file, 0, size), { headers }),
      );
    }
    const offset = Number(first);
    const end = Math.min(last ? Number(last) + 1 : size, size);
    if (offset >= end) {
      const headers = { "content-range": `bytes */${size}` };
      return Promise.resolve(new Response(null, { status: 416, headers }));
    }
    const headers = {
      etag,
      "content-length": `${end - offset}`,
      "content-range": `bytes ${offset}-${end - 1}/${size}`,
    };
    return Promise.resolve(
      new Response(bodyOf(file, offset, end), { status: 206, headers }),
    );
  }
}

function pathOf(url: string): string {
  const { host, hostname, pathname } = new URL(url);
  return hostname === "127.0.0.1" ? pathname : `/${host}${pathname}`;
}

function bodyOf(file: File, offset: number, end: number) {
  let at = offset;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const stop = Math.min(at + CHUNK, end);
      controller.enqueue(await file.read(at, stop));
      at = stop;
      if (at === end) controller.close();
    },
  });
}

/** Breaks the connection after this many bytes of the body. */
export function cutAfter(length: number): Fault {
  return async (_, normal) => {
    const response = await normal();
    let left = length;
    const cut = response.body!.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          controller.enqueue(chunk.slice(0, left));
          left -= chunk.length;
          if (left <= 0) controller.error(new Error("cut"));
        },
      }),
    );
    return new Response(cut, response);
  };
}

/** Sends a chunk every few milliseconds, so that few bytes are in transit. */
export const slowly: Fault = async (_, normal) => {
  const response = await normal();
  const slow = response.body!.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>>({
      async transform(chunk, controller) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(slow, response);
};

/** Answers with a status and no body. */
export function status(code: number, headers?: HeadersInit): Fault {
  return () => new Response(null, { status: code, headers });
}

/** Changes one byte of the body. */
export function corrupted(at: number): Fault {
  return async (_, normal) => {
    const response = await normal();
    const bytes = await response.bytes();
    bytes[at] ^= 0x10;
    return new Response(bytes, response);
  };
}
