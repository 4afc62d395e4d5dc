/**
 * Forms of very many or very large parts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { answered, type Attack, type Target } from "./attack.ts";
import { flood } from "./bodies.ts";

const chelsea = await Deno.readFile("examples/images/chelsea.png");

const good = async (target: Target) => {
  const form = new FormData();
  for (let i = 0; i < 8; i++) form.append("image", new Blob([chelsea]));
  answered(await target.post("/features?pool=avg", form), 200);
};

const formType = { "content-type": "multipart/form-data; boundary=x" };

/** A form of many parts with this disposition. */
const parts = (count: number, disposition: string) =>
  `--x\r\ncontent-disposition: form-data; ${disposition}\r\n\r\na\r\n`
    .repeat(count) + "--x--\r\n";

/** Attacks by forms. */
export const multipart: readonly Attack[] = [
  {
    name: "140,000 files of one byte",
    target: "server",
    isShort: true,
    good,
    async bad(target) {
      const form = parts(140_000, "name=a; filename=b");
      answered(
        await target.post("/features", form, formType),
        413,
        /8 pictures/,
      );
      return "8 parts read";
    },
  },
  {
    name: "140,000 fields",
    target: "server",
    good,
    async bad(target) {
      const form = parts(140_000, "name=a");
      answered(
        await target.post("/features", form, formType),
        413,
        /108 parts/,
      );
      return "108 parts read";
    },
  },
  {
    name: "a part whose headers have 30 MB",
    target: "server",
    isShort: true,
    good,
    async bad(target) {
      const form = parts(1, `name=${"n".repeat(30e6)}`);
      answered(await target.post("/features", form, formType), 400, /4096/);
      return "4 KiB read";
    },
  },
  {
    name: "a boundary that never comes",
    target: "server",
    good,
    async bad({ port }) {
      const head = "POST /features HTTP/1.1\r\nhost: x\r\n" +
        `content-type: ${formType["content-type"]}\r\n` +
        "content-length: 33000000\r\n\r\n";
      const piece = new TextEncoder().encode("\r\n--".repeat(1 << 14));
      const { answer } = await flood(port, head, piece, 33_000_000);
      assert.match(answer, /^HTTP\/1.1 400/);
      return "33 MB read";
    },
  },
];
