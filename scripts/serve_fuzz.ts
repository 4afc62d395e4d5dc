/**
 * Sends requests with mutated bytes to a server.
 *
 *     deno task fuzz:serve [--count 10000] [--seed 0]
 *
 * Each request depends only on its seed; a run uses consecutive seeds. The run fails with the seed if
 * a status is 5xx or there is no answer within 20 seconds, and if the server leaks tensors.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { ArchRow } from "../mod.ts";
import { concat } from "../src/formats/concat.ts";
import { createHandler, type Handler } from "../src/serve/mod.ts";
import { seededRandom } from "../tests/weights/fixtures.ts";
import { mutate } from "./fuzz_mutate.ts";

/** A small network. */
const arch: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 4,
};

/** Requests at a time, so that some run as one batch. */
const connections = 4;

/** The result of a run. */
export interface FuzzReport {
  /** Number of answers by status; 0 for a connection that closed without one. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Number of live tensors. */
  readonly tensors: { readonly before: number; readonly after: number };
}

type Bytes = Uint8Array<ArrayBuffer>;

const text = (value: string) => new TextEncoder().encode(value) as Bytes;

/** A request on a connection of its own. */
export function request(
  line: string,
  headers: string,
  body: Uint8Array = new Uint8Array(),
): Bytes {
  const length = body.length > 0 ? `content-length: ${body.length}\r\n` : "";
  const head =
    `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}${length}\r\n`;
  return concat([text(head), body]);
}

/** Valid requests to mutate. */
async function validRequests(): Promise<Bytes[]> {
  const read = (name: string) =>
    Deno.readFile(new URL(`../tests/data/image/${name}`, import.meta.url));
  const [jpeg, png, webp] = await Promise.all(FILES.map(read));
  const form = concat([
    text(
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
    ),
    png,
    text(
      '\r\n--b\r\ncontent-disposition: form-data; name="image"; filename="b.jpg"\r\n\r\n',
    ),
    jpeg,
    text("\r\n--b--\r\n"),
  ]);
  const chunked = concat([
    text(`${jpeg.length.toString(16)}\r\n`),
    jpeg,
    text("\r\n0\r\n\r\n"),
  ]);
  const ofType = (type: string) => `content-type: ${type}\r\n`;
  return [
    request(
      "POST /features?layer=layer4,fc&pool=avg",
      ofType("image/jpeg"),
      jpeg,
    ),
    request(
      "POST /features?layer=flatten",
      "accept: application/x-npy\r\n",
      png,
    ),
    request(
      "POST /features?layer=fc,flatten",
      "accept: application/x-npz, */*;q=0.1\r\n",
      webp,
    ),
    request(
      "POST /features?layer=fc",
      ofType("multipart/form-data; boundary=b"),
      form,
    ),
    request(
      "POST /features",
      ofType("application/json"),
      text('["http://127.0.0.1:1/a.png", "http://[::1]/"]'),
    ),
    concat([
      request("POST /features?layer=fc", "transfer-encoding: chunked\r\n"),
      chunked,
    ]),
    request("POST /classify?top=3", "", webp),
    request(
      "POST /picture?layer=layer4&strongest=4&labels=yes&scale=all",
      ofType("image/png"),
      png,
    ),
    request("GET /summary?style=torchinfo", "accept: application/json\r\n"),
    request("GET /healthz", ""),
    request("HEAD /openapi.json", ""),
  ];
}

/** Small pictures, so that decoding takes little of the time. */
const FILES = ["progressive_420.jpg", "palette8.png", "lossy_alpha.webp"];

/** Sends bytes, returns the status of the first answer, and closes the connection. */
export async function statusOf(
  port: number,
  bytes: Uint8Array,
): Promise<number> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  // The server answers only a complete head.
  const isWhole = new TextDecoder("latin1").decode(bytes).includes("\r\n\r\n");
  let isLate = false;
  const watch = setTimeout(() => {
    isLate = true;
    connection.close();
  }, isWhole ? 20_000 : 200);
  let answer = "";
  try {
    for (let at = 0; at < bytes.length;) {
      at += await connection.write(bytes.subarray(at));
    }
    const buffer = new Uint8Array(1 << 12);
    while (answer.length < 12) {
      const length = await connection.read(buffer);
      if (length === null) break;
      answer += new TextDecoder("latin1").decode(buffer.subarray(0, length));
    }
  } catch (error) {
    // The server may close the connection before it has read everything.
    if (isLate && isWhole) throw new Error("no answer within 20 s");
    if (
      !isLate &&
      !(error instanceof Deno.errors.ConnectionReset ||
        error instanceof Deno.errors.BrokenPipe)
    ) throw error;
  } finally {
    clearTimeout(watch);
    if (!isLate) connection.close();
  }
  return Number(/^HTTP\/1.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
}

async function tensorsOf(handler: Handler): Promise<number> {
  const response = await handler(new Request("http://localhost/healthz"));
  const { tensors, requests } = await response.json();
  if (requests !== 0) {
    throw new Error(`${requests} requests are still in progress`);
  }
  return tensors;
}

/** Sends this number of requests to a new server. */
export async function fuzzServer(
  count: number,
  seed: number,
): Promise<FuzzReport> {
  const failures: string[] = [];
  await using handler = createHandler({
    log: ({ status, error }) => status >= 500 && failures.push(`${error}`),
    arch,
    pretrained: false,
    allowedHosts: ["127.0.0.1:1"],
    limits: { bodySeconds: 0.5, maxPixels: 1_000_000 },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => handler(request),
  );
  try {
    const { port } = server.addr;
    const requests = await validRequests();
    for (const bytes of requests) {
      const status = await statusOf(port, bytes);
      if (status !== 200 && status !== 422) {
        throw new Error(`a valid request got ${status}`);
      }
    }
    const before = await tensorsOf(handler);
    const statuses: Record<number, number> = {};
    let next = 0;
    const run = async () => {
      for (let i = next++; i < count; i = next++) {
        const random = seededRandom(seed + i);
        const bytes = mutate(
          requests[random(requests.length)],
          requests,
          random,
        );
        const status = await statusOf(port, bytes).catch((cause) => {
          throw new Error(`seed ${seed + i}: ${cause.message}`, { cause });
        });
        if (status >= 500) {
          throw new Error(`seed ${seed + i}: ${status}, ${failures}`);
        }
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: connections }, run));
    for (const bytes of requests) await statusOf(port, bytes);
    return { statuses, tensors: { before, after: await tensorsOf(handler) } };
  } finally {
    await server.shutdown();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "10000" },
      seed: { type: "string", default: "0" },
    },
  });
  const { statuses, tensors } = await fuzzServer(
    Number(values.count),
    Number(values.seed),
  );
  for (const [status, times] of Object.entries(statuses)) {
    console.log(`${status}: ${times}`);
  }
  console.log(`tensors: ${tensors.before} before, ${tensors.after} after`);
  console.log(`resident: ${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MiB`);
  if (tensors.before !== tensors.after) Deno.exit(1);
}
