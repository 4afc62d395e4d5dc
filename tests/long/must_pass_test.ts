/** Large, but good: the server's default limits let the photos of today's phones pass. */

import assert from "node:assert/strict";
import { createHandler } from "../../src/serve/mod.ts";

/**
 * A grey JPEG of 8000x6000 and 24 MB. Each Huffman table has one code, the bit 0: the DC coefficients
 * are 0, the 63 others have three bits. So eight blocks take 253 bytes, which repeat.
 */
function photo(): Uint8Array<ArrayBuffer> {
  const segment = (marker: number, data: readonly number[]) => [
    ...[0xff, marker, 0, data.length + 2],
    ...data,
  ];
  const table = (id: number, symbol: number) =>
    segment(0xc4, [id, 1, ...Array(15).fill(0), symbol]);
  const head = [
    ...[0xff, 0xd8],
    ...segment(0xdb, [0, ...Array(64).fill(1)]),
    ...segment(
      0xc0,
      [8, 6000 >> 8, 6000 & 255, 8000 >> 8, 8000 & 255, 1, 1]
        .concat([0x11, 0]),
    ),
    ...table(0x00, 0),
    ...table(0x10, 3),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
  ];
  const values = [0b100, 0b011, 0b101, 0b000, 0b110, 0b010, 0b001];
  let bits = "";
  for (let block = 0; block < 8; block++) {
    bits += "0";
    for (let k = 1; k < 64; k++) {
      const value = values[(k * k + 3 * block) % values.length];
      bits += `0${value.toString(2).padStart(3, "0")}`;
    }
  }
  const group = bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2));
  const groups = 750 * 1000 / 8;
  const bytes = new Uint8Array(head.length + groups * group.length + 2);
  bytes.set(head);
  for (let i = 0; i < groups; i++) {
    bytes.set(group, head.length + i * group.length);
  }
  bytes.set([0xff, 0xd9], bytes.length - 2);
  return bytes;
}

Deno.test("a JPEG of 48 megapixels and 24 MB, as a body and in a form", async () => {
  const bytes = photo();
  assert(bytes.length > 23e6 && bytes.length < 32 << 20, `${bytes.length}`);
  await using handler = createHandler({ outputLayer: "flatten" });
  await handler.ready();
  const form = new FormData();
  form.append("image", new File([bytes], "photo.jpg"));
  const answers: unknown[] = [];
  for (const body of [bytes, form]) {
    const request = new Request("http://localhost/features?layer=flatten", {
      method: "POST",
      body,
    });
    const response = await handler(request);
    assert.equal(response.status, 200);
    answers.push((await response.json()).pictures[0].features.flatten);
  }
  assert.deepEqual(answers[0], answers[1]);
});
