/**
 * Bodies in very small pieces, without end, or that claim to be huge.
 *
 * @module
 */

import assert from "node:assert/strict";
import { concat } from "../../src/formats/concat.ts";
import { request, statusOf } from "../serve_fuzz.ts";
import { answered, type Attack, type Target } from "./attack.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** A picture of 113 kB. */
const rocket = await Deno.readFile("examples/images/rocket.jpg");

/** The same with zeros behind it, as large as a body may be. */
const good = async (target: Target) => {
  const large = new Uint8Array(32 << 20);
  large.set(rocket);
  answered(await target.post("/features?pool=avg", large), 200);
};

/** Sends a head and then bytes without end; returns how many until the server had enough. */
export async function flood(
  port: number,
  head: string,
  piece: Uint8Array,
  most: number,
): Promise<{ sent: number; answer: string }> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let answer = "", sent = 0, isOver = false;
  const reading = (async () => {
    const buffer = new Uint8Array(4096);
    for (
      let n;
      (n = await connection.read(buffer).catch(() => null)) !== null;
    ) {
      answer += new TextDecoder().decode(buffer.subarray(0, n));
    }
    isOver = true;
  })();
  await connection.write(text(head));
  try {
    while (!isOver && !answer && sent < most) {
      for (let at = 0; at < piece.length;) {
        at += await connection.write(piece.subarray(at));
      }
      sent += piece.length;
    }
  } catch { // The server has closed it.
  }
  if (!answer) {
    await Promise.race([
      reading,
      new Promise((resolve) => setTimeout(resolve, 5000)),
    ]);
  }
  return { sent, answer };
}

/** Attacks by bodies. */
export const bodies: readonly Attack[] = [
  {
    name: "a picture in chunks of one byte",
    target: "server",
    isShort: true,
    good,
    async bad({ port }) {
      const head = request(
        "POST /features?pool=avg",
        "transfer-encoding: chunked\r\n",
      );
      const chunks = new Uint8Array(6 * rocket.length);
      const chunk = text("1\r\n?\r\n");
      for (const [i, byte] of rocket.entries()) {
        chunk[3] = byte;
        chunks.set(chunk, 6 * i);
      }
      const whole = concat([head, chunks, text("0\r\n\r\n")]);
      assert.equal(await statusOf(port, whole), 200);
      return `${rocket.length} chunks`;
    },
  },
  {
    name: "a body that claims 10 GB",
    target: "server",
    isShort: true,
    good,
    async bad({ port }) {
      const head = "POST /features HTTP/1.1\r\nhost: x\r\n" +
        "content-length: 10000000000\r\n\r\n";
      const { sent, answer } = await flood(port, head, rocket, 1e9);
      assert.match(answer, /^HTTP\/1.1 413/);
      assert(sent < 40e6, `${sent} bytes`);
      return `${(sent / 1e6).toFixed(1)} MB sent`;
    },
  },
  {
    name: "a body without end",
    target: "server",
    good,
    async bad({ port }) {
      const head = "POST /features HTTP/1.1\r\nhost: x\r\n" +
        "transfer-encoding: chunked\r\n\r\n";
      const piece = concat([
        text(`${(1 << 16).toString(16)}\r\n`),
        new Uint8Array(1 << 16),
        text("\r\n"),
      ]);
      const { sent, answer } = await flood(port, head, piece, 1e9);
      assert.match(answer, /^HTTP\/1.1 413/);
      assert(sent < 80e6, `${sent} bytes`);
      return `${(sent / 1e6).toFixed(1)} MB sent`;
    },
  },
];
