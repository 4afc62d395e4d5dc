import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { inflateZlib } from "../../src/image/zlib.ts";

const text = new TextEncoder().encode(
  "how much wood could a woodchuck ".repeat(99),
);

for (const level of [0, 1, 6, 9]) {
  Deno.test(`inflateZlib: level ${level}, cut anywhere`, async () => {
    const zlib = new Uint8Array(deflateSync(text, { level }));
    for (let cut = 0; cut < 5; cut++) { // The checksum has four bytes.
      const data = zlib.subarray(0, zlib.length - cut);
      assert.deepEqual(
        await inflateZlib(data, text.length + 1),
        { content: text, isWhole: true },
      );
    }
    for (let length = 2; length < zlib.length - 4; length += 7) {
      const data = zlib.subarray(0, length);
      const { content, isWhole } = await inflateZlib(data, text.length + 1);
      assert.equal(isWhole, false);
      assert.deepEqual(content, text.slice(0, content.length));
    }
  });
}

Deno.test("inflateZlib: inflates no more than it is asked for", async () => {
  const bomb = new Uint8Array(deflateSync(new Uint8Array(1e8)));
  const { content, isWhole } = await inflateZlib(bomb, 1000);
  assert.deepEqual([content.length, isWhole], [1000, true]);
});

Deno.test("inflateZlib: damaged data are an error", async () => {
  const zlib = new Uint8Array(deflateSync(text));
  for (const at of [0, 1, 9, zlib.length - 1]) {
    const damaged = zlib.slice();
    damaged[at] ^= 0x10;
    await assert.rejects(inflateZlib(damaged, text.length + 1));
  }
});
