/** The report of one picture. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchRow,
  classify,
  createModel,
  decodeImage,
  type ResNet,
  type RgbImage,
  unprocess,
} from "../../mod.ts";
import { featureMapGrid, figure } from "../../src/maps/mod.ts";
import { classActivationMap } from "../../src/maps/class_activation_map.ts";
import { dataUrl, markup } from "../../src/drawing/html.ts";
import { report } from "../../src/maps/report.ts";
import { similarityMap } from "../../src/maps/similarity_map.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { tensorTest } from "../support/leaks.ts";

const chelsea = await decodeImage("examples/images/chelsea.png");
const tiny: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 4,
};

/** The pictures of a page, in order. */
async function imagesOf(page: string): Promise<RgbImage[]> {
  const urls = [...page.matchAll(/<img src="data:image\/png;base64,([^"]+)"/g)];
  return await Promise.all(
    urls.map(([, base64]) =>
      decodeImage(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)))
    ),
  );
}

/** A map over the picture, as on a page. */
async function over(model: ResNet, map: tf.Tensor): Promise<RgbImage> {
  const style = { colorBar: true, width: 674, dpi: 192, fontSize: 7.5 };
  return await figure(model, chelsea, { "": () => map }, style);
}

/** Checks what every page has in common. */
function checkPage(page: string) {
  assert.match(page, /^<!DOCTYPE html>\n<html lang="en">/);
  assert.match(page, /<meta name="viewport"/);
  assert.match(page, /prefers-color-scheme: dark/);
  assert.doesNotMatch(page, /<script|<link|<iframe|@import|url\(|\son\w+=/i);
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]*)"/g)) {
    assert.match(address, /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
  }
  for (const [tag] of page.matchAll(/<img[^>]*>/g)) {
    assert.match(tag, / width="\d+" height="\d+" alt="[^"]+">$/);
  }
  // Every element is closed, in order.
  const open: string[] = [];
  const body = page.slice(page.indexOf(">") + 1);
  for (const [, close, name] of body.matchAll(/<(\/?)([a-z]\w*)[^>]*>/g)) {
    if (["meta", "img"].includes(name)) continue;
    if (!close) open.push(name);
    else assert.equal(open.pop(), name);
  }
  assert.deepEqual(open, []);
}

tensorTest("report: a network with a head", async () => {
  using model = await createModel(tiny, null, formulaCheckpoint(tiny));
  model.registerForwardHook("layer1", () => assert.fail("a hook was called"));
  using bare = model.truncate("fc");
  const labels = ["ant", "bee & wasp", "cat", "<b>dog</b>"];
  const { html: page } = await report(model, chelsea, {
    title: `"a" <i>&'`,
    labels,
  });
  checkPage(page);
  assert.match(page, /<h1>&quot;a&quot; &lt;i&gt;&amp;&#39;<\/h1>/);
  assert.match(page, /How <b>tiny<\/b>, up to <code>fc<\/code>/);
  assert.match(page, /<dd>4,\d{3},\d{3}<\/dd>/); // Parameters.
  assert.match(page, /├─Conv2d \(conv1\): 1-1 /);

  const classes = await classify(bare, chelsea, { labels });
  const escaped = (label: string) => markup`${label}`.html;
  const rows = [...page.matchAll(/<th scope="row">(.*)<\/th>/g)];
  assert.deepEqual(
    rows.map(([, label]) => label),
    classes.map(({ label }) => escaped(label)),
  );
  for (const { label, score } of classes) {
    const percentage = (100 * score).toFixed(2);
    assert(
      page.includes(`${escaped(label)}</th>\n<td><meter value="${score}">`),
    );
    assert(page.includes(`<td class="number">${percentage} %</td>`));
  }

  const input = model.preprocess(chelsea);
  const [crop] = await unprocess(input);
  const best = labels.indexOf(classes[0].label);
  const map = classActivationMap(model, input, best);
  const { relu, layer4 } = bare.extract(input, ["relu", "layer4"]);
  const [shown, overlay, ...maps] = await imagesOf(page);
  assert.deepEqual(shown, crop);
  assert.deepEqual(overlay, await over(model, map));

  // Eight maps of each of the five stages.
  const channels = [
    ...page.matchAll(/alt="Map of channel (\d+)"> (\d+)<\/li>/g),
  ];
  assert.equal(maps.length, 40);
  assert.equal(channels.length, 40);
  assert(channels.every(([, alt, text]) => alt === text));
  for (const [value, at] of [[relu, 0], [layer4, 32]] as const) {
    const means = tf.tidy(() => tf.mean(value, [0, 1, 2]).dataSync());
    const strongest = [...means.keys()].sort((a, b) => means[b] - means[a]);
    for (let i = at; i < at + 8; i++) {
      assert.equal(Number(channels[i][1]), strongest[i - at]);
      const wanted = { channels: [strongest[i - at]], cell: 1 };
      assert.deepEqual(maps[i], await featureMapGrid(value, wanted));
    }
  }
  const headings = [...page.matchAll(/<h3><code>(\w+)<\/code>: (.*)<\/h3>/g)];
  assert.deepEqual(headings.map(([, ...text]) => text.join(" ")), [
    "relu 64 maps of 112 × 112",
    "layer1 64 maps of 56 × 56",
    "layer2 128 maps of 28 × 28",
    "layer3 256 maps of 14 × 14",
    "layer4 512 maps of 7 × 7",
  ]);
  tf.dispose([input, relu, layer4]);
});

tensorTest(
  "report: of two classes with one name, the more likely",
  async () => {
    using model = await createModel(tiny, null, formulaCheckpoint(tiny));
    const [, overlay] = await imagesOf(
      (await report(model, chelsea, { labels: Array(4).fill("crane") })).html,
    );
    const labels = ["0", "1", "2", "3"];
    const [{ label }] = await classify(model, chelsea, { labels });
    const input = model.preprocess(chelsea);
    const map = classActivationMap(model, input, Number(label));
    assert.deepEqual(overlay, await over(model, map));
    input.dispose();
    assert.notEqual(label, "0", "the test proves nothing");
  },
);

tensorTest(
  "report: networks without a head",
  async () => {
    using model = await createModel("mlnet_resnet18", "layer2", true);
    const { html: page } = await report(model, chelsea);
    checkPage(page);
    assert.match(page, /<title>Picture – mlnet_resnet18<\/title>/);
    assert.doesNotMatch(page, /<table|<meter/);
    assert.match(page, /to the centre \(cosine of layer2’s features\)/);
    const input = model.preprocess(chelsea);
    const map = similarityMap(model, input, "layer2", [14, 14]);
    const [, overlay, ...maps] = await imagesOf(page);
    assert.deepEqual(overlay, await over(model, map));
    assert.equal(maps.length, 3 * 8);
    input.dispose();

    using stem = await createModel("mlnet_resnet18", "relu");
    checkPage((await report(stem, chelsea)).html);
  },
);

tensorTest("report: errors", async () => {
  using model = await createModel(tiny, null, formulaCheckpoint(tiny));
  using stem = model.truncate("bn1");
  await assert.rejects(report(stem, chelsea), {
    name: "RangeError",
    message:
      'report: expected a model that reaches "relu", got one that ends with "bn1"; create it with a later outputLayer',
  });
  await assert.rejects(report(model, chelsea, { labels: ["yes", "no"] }), {
    name: "RangeError",
    message: "2 labels but 4 classes; the counts must match",
  });
  await assert.rejects(report(model, { ...chelsea, width: 1 }), {
    name: "TypeError",
    message: /^picture\.data: expected 900 bytes/,
  });
});

Deno.test("markup escapes values, except markup", () => {
  const text = `<a href="x" title='y'>&amp;</a>`;
  const escaped =
    "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;";
  assert.equal(markup`<p>${text}</p>`.html, `<p>${escaped}</p>`);
  assert.equal(
    markup`${[markup`<b>${1}</b>`, markup`${text}`]}\n${[]}`.html,
    `<b>1</b>${escaped}\n`,
  );
});

Deno.test("dataUrl: bytes of any value", () => {
  assert.equal(
    dataUrl("image/png", new Uint8Array([0, 255, 62, 63])),
    "data:image/png;base64,AP8+Pw==",
  );
});
