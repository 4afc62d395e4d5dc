/** `POST /anomaly`. */

import assert from "node:assert/strict";
import { createModel, decodeImage } from "../../mod.ts";
import { fitPatchCore } from "../../src/anomaly/mod.ts";
import { ask, chelsea, coffee, post, rocket, tinyHandler } from "./support.ts";

const model = await createModel("mlnet_resnet18", "layer3", true);
const cat = await decodeImage(chelsea);
const other = await decodeImage(coffee);
const pictures = [cat, other, cat, other, cat];
const bank = await fitPatchCore(model, pictures, { coreset: 0.1 });
const file = await new Response(bank.stream()).bytes();
const shipped = { arch: "mlnet_resnet18", pretrained: true } as const;

for (const thread of [false, true]) {
  Deno.test(`scores and maps, ${thread ? "in a thread" : "in this one"}`, async () => {
    const options = { ...shipped, bank: file, thread };
    await using handler = tinyHandler(options);
    const form = new FormData();
    form.append("good", new Blob([new Uint8Array(chelsea)]), "cat.png");
    form.append("bad", new Blob([new Uint8Array(rocket)]), "rocket.jpg");
    const response = await ask(handler, post("/anomaly", form));
    assert.equal(response.status, 200);
    const answer = await response.json();
    assert.deepEqual(answer.threshold, bank.threshold());
    for (const [i, picture] of [cat, await decodeImage(rocket)].entries()) {
      const { score, map } = await bank.score(picture);
      const { anomalous, mapMax, ...got } = answer.pictures[i];
      assert(Math.abs(got.score - score) < 1e-4 * score);
      assert(Math.abs(mapMax - Math.max(...map.data)) < 1e-4 * mapMax);
      assert.equal(anomalous, i === 1);
    }
    const png = await ask(
      handler,
      post("/anomaly?quantile=0.5", new Uint8Array(rocket), {
        headers: { accept: "image/png" },
      }),
    );
    assert.equal(png.headers.get("content-type"), "image/png");
    const { height } = await decodeImage(await png.bytes());
    assert.equal(height, (await decodeImage(rocket)).height);
    const two = post("/anomaly", form, { headers: { accept: "image/png" } });
    assert.equal((await ask(handler, two)).status, 422);
    const wrong = post("/anomaly?quantile=2", new Uint8Array(rocket));
    assert.equal((await ask(handler, wrong)).status, 400);
  });
}

Deno.test("without a bank: 422; with one of another network: 503", async () => {
  await using plain = tinyHandler();
  const request = () => post("/anomaly", new Uint8Array(chelsea));
  const response = await ask(plain, request());
  assert.equal(response.status, 422);
  assert.match((await response.json()).detail, /no bank of good pictures/);
  await using other = tinyHandler({ bank: file });
  assert.equal((await ask(other, request())).status, 503);
});
