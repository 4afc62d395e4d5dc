/** Which instances of a decoder are reused. */

import assert from "node:assert/strict";
import { decodeImage } from "../../src/image/decode.ts";
import { IdleInstances } from "../../src/image/idle_instances.ts";
import { readData } from "./support.ts";

/** An empty module. */
const module = new WebAssembly.Module(
  new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]),
);

function counted() {
  let started = 0;
  const start = () => Promise.resolve({ id: started++, bytes: 1000 });
  return new IdleInstances(start, ({ bytes }) => bytes);
}

const id = (instance: { id: number }) => instance.id;

Deno.test("an instance is reused, but not by two at a time", async () => {
  const instances = counted();
  const both = () => [instances.use(module, id), instances.use(module, id)];
  assert.deepEqual(await Promise.all(both()), [0, 1]);
  assert.deepEqual(await Promise.all(both()), [1, 1]);
});

Deno.test("an instance that failed or has grown is dropped", async () => {
  const instances = counted();
  const fail = () => {
    throw new SyntaxError("damaged");
  };
  await assert.rejects(instances.use(module, fail), SyntaxError);
  assert.equal(await instances.use(module, id), 1);
  await instances.use(module, (instance) => instance.bytes = 2 ** 26);
  assert.equal(await instances.use(module, id), 2);
});

for (const file of ["420.jpg", "cmyk_444.jpg", "rgb16.png", "lossy.webp"]) {
  Deno.test(`${file}: the same pixels each time, whatever came between`, async () => {
    const bytes = await readData(file);
    const first = await decodeImage(bytes);
    assert.ok(first.data.some((value) => value !== first.data[0]));
    const half = bytes.slice(0, bytes.length / 2);
    for (let i = 0; i < 20; i++) {
      if (i % 3 === 0) await assert.rejects(decodeImage(half), SyntaxError);
      const both = [decodeImage(bytes), decodeImage(bytes)];
      for (const again of await Promise.all(both)) {
        assert.deepEqual(again, first);
      }
    }
  });
}
