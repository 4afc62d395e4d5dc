/** What consoles and notebooks show. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  createModel,
  decodeImage,
  summary,
  type Tensor4D,
  unprocess,
} from "../../mod.ts";
import {
  featureMapGrid,
  overlayMap,
  report,
  similarityMap,
} from "../../src/maps/mod.ts";
import { tensorTest } from "../support/leaks.ts";

const photo = "examples/images/chelsea.png";

/** What Deno's Jupyter kernel sends for the value of a cell. */
async function display(value: unknown): Promise<Record<string, string>> {
  const methods = value as Record<
    symbol,
    () => Promise<Record<string, string>>
  >;
  return await methods[Symbol.for("Jupyter.display")]();
}

tensorTest("notebooks show pictures as PNG", async () => {
  using model = await createModel("mlnet_resnet18", "layer1", true);
  const picture = await decodeImage(photo);
  const input: Tensor4D = model.preprocess(picture);
  const maps = model.forward(input);
  const similar = similarityMap(model, input, "layer1", [6, 7]);
  const pictures = [
    picture,
    ...await unprocess(input),
    await featureMapGrid(maps, { channels: [0, 7] }),
    await overlayMap(picture, similar),
  ];
  for (const shown of pictures) {
    const { width, height, data } = shown;
    const { "image/png": png, ...others } = await display(shown);
    assert.deepEqual(others, {});
    // The same pixels; nothing that a comparison or a copy sees.
    assert.deepEqual(await decodeImage(`data:image/png;base64,${png}`), shown);
    assert.deepEqual(shown, { width, height, data });
    assert.deepEqual(structuredClone(shown), shown);
  }
  input.dispose();
  maps.dispose();
  similar.dispose();
});

Deno.test("notebooks show a summary as text and HTML", async () => {
  const size = [3, 64, 64] as const;
  for (const style of ["torchsummary", "torchinfo"] as const) {
    const table = summary("resnet18", size, { style });
    const { "text/plain": plain, "text/html": html } = await display(table);
    assert.equal(plain, `${table}`);
    const [, text] = /^<pre style="[^"<>]+">([^]*)<\/pre>$/.exec(html)!;
    assert.equal(text, plain);
    assert.doesNotMatch(plain, /[<>&]/);
  }
});

tensorTest("notebooks show a report in a frame", async () => {
  using model = await createModel("mlnet_resnet18", "relu", true);
  const page = await report(model, await decodeImage(photo), { title: `"<i>` });
  const { "text/html": html, ...others } = await display(page);
  assert.deepEqual(others, {});
  const source = /^<iframe sandbox srcdoc="([^"<>]+)" style="[^"]+"><\/iframe>$/
    .exec(html)![1];
  const characters = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  const text = source.replace(
    /&(.*?);/g,
    (_, name: keyof typeof characters) => characters[name],
  );
  assert.equal(text, page.html);
  assert.deepEqual(page, { html: page.html });
});

Deno.test("a model prints one line, disposed or not", async () => {
  const model = await createModel("mlnet_resnet18", "layer1", true);
  const line =
    /^ResNet mlnet_resnet18 up to "layer1(\.1\.relu_1)?", \d+\.\d MB$/;
  assert.match(Deno.inspect(model), line);
  assert.match(inspect(model), line);
  model.dispose();
  assert.match(Deno.inspect(model), /, disposed$/);
});
