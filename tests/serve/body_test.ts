// stock: no, it tests HTTP, not the kernels
/** Bodies and forms: bounded while they arrive. */

import assert from "node:assert/strict";
import { bodyChunks } from "../../src/serve/body.ts";
import { readForm } from "../../src/serve/form.ts";
import { ask, chelsea, form, post, refused, tinyHandler } from "./support.ts";

const text = new TextEncoder();
const never = new AbortController().signal;
const type = "multipart/form-data; boundary=x";

/** The bytes of a form, or of anything else. */
async function bytesOf(body: BodyInit): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(body).bytes();
}

/** A body in chunks of this length, each a view of a larger buffer, and how many were taken. */
function chunked(bytes: Uint8Array, length: number) {
  const taken = { chunks: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const at = taken.chunks++ * length;
      if (at >= bytes.length) return controller.close();
      const part = bytes.subarray(at, at + length);
      const buffer = new Uint8Array(Math.max(4096, length));
      buffer.set(part);
      controller.enqueue(buffer.subarray(0, part.length));
    },
  }, { highWaterMark: 0 });
  return { body, taken };
}

Deno.test("a body of one-byte chunks is one of large chunks", async () => {
  const bytes = chelsea.slice(0, 140_000);
  const { body } = chunked(bytes, 1);
  const limits = { maxBytes: 1e6, bodySeconds: 10 };
  let count = 0;
  let length = 0;
  for await (
    const chunk of bodyChunks({ body, headers: new Headers() }, limits, never)
  ) {
    assert(chunk.buffer.byteLength <= 1 << 17);
    count++;
    length += chunk.length;
  }
  assert.equal(length, bytes.length);
  assert.equal(count, 3);
});

Deno.test("a form in chunks of any length has the same files", async () => {
  const files = {
    "ä.png": chelsea.slice(0, 70_000),
    "b.png": chelsea.slice(0, 9),
  };
  const data = form(files);
  data.append("note", "not a file");
  const whole = new Response(data);
  const type = whole.headers.get("content-type")!;
  const bytes = await whole.bytes();
  for (const length of [1, 7, 1000, 65_536, bytes.length - 2, bytes.length]) {
    const { body } = chunked(bytes, length);
    const limits = { maxBytes: 1e6, bodySeconds: 10 };
    const sender = { body, headers: new Headers() };
    const read = await readForm(
      bodyChunks(sender, limits, never),
      type,
      8,
      limits.maxBytes,
    );
    assert.deepEqual(read.map(({ name }) => name), Object.keys(files));
    assert.deepEqual(read.map(({ bytes }) => bytes), Object.values(files));
    // Without the 64 KiB chunks, and with something after the end.
    const again = await readForm(
      chunked(new Uint8Array([...bytes, 13, 10, 1]), Math.max(length, 1000))
        .body.values(),
      type,
      8,
      1e6,
    );
    assert.equal(again.length, 2);
  }
});

Deno.test("a form of very many files or fields is refused early", async () => {
  await using handler = tinyHandler();
  await handler.ready();
  const headers = { "content-type": type };
  for (
    const [name, detail] of [
      [`name=a; filename=b`, /got more than 8 pictures/],
      [`name=a`, /more than 108 parts/],
    ] as const
  ) {
    const part = `--x\r\ncontent-disposition: form-data; ${name}\r\n\r\na\r\n`;
    const bytes = text.encode(`${part.repeat(140_000)}--x--\r\n`);
    const { body, taken } = chunked(bytes, 1 << 16);
    await refused(
      handler,
      post("/features", body, { headers }),
      413,
      detail,
    );
    assert(taken.chunks <= 3, `${taken.chunks} chunks were taken`);
  }
});

Deno.test("names and headers of a form are bounded", async () => {
  await using handler = tinyHandler();
  const send = (body: string, type: string) =>
    post("/features", body, { headers: { "content-type": type } });
  const long = `--x\r\ncontent-disposition: form-data; name=${
    "n".repeat(1e6)
  }\r\n\r\n\r\n--x--`;
  await refused(handler, send(long, type), 400, /header size exceeds .* 4096/);
  const boundary = "b".repeat(71);
  await refused(
    handler,
    send("", `multipart/form-data; boundary=${boundary}`),
    400,
    /boundary of 1 to 70/,
  );
  await refused(handler, send("--x\r\n", type), 400, /not finished/);
});

Deno.test("a form may be as large as the limit, its pictures together", async () => {
  const bytes = await bytesOf(form({ "a.png": chelsea }));
  for (const [maxBytes, status] of [[bytes.length, 200], [1e5, 413]]) {
    await using handler = tinyHandler({ limits: { maxBytes } });
    const response = await ask(
      handler,
      post("/features?layer=fc", form({ "a.png": chelsea })),
    );
    await response.body?.cancel();
    assert.equal(response.status, status);
  }
});
