/** The weights that ship: complete, of the right network, close to the float32 ones and made from them. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { Tensor } from "@tensorflow/tfjs-core";
import { convertWeights } from "../../src/weights/convert.ts";
import { createModel } from "../../src/model/create_model.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { decodeImage } from "../../src/image/decode.ts";
import type { RgbImage } from "../../src/image/rgb_image.ts";
import { toNCHW } from "../../src/model/layout.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { openPretrained } from "../../src/weights/resolve.ts";
import { sha256 } from "../../src/weights/sha256.ts";
import { cosine } from "./fixtures.ts";

const path = "weights/mlnet_resnet18.npz";

Deno.test("the file is the one that SHA256SUMS names, and at most 11.5 MB", async () => {
  const source = await openByteSource(path);
  const [hash, name] = readFileSync("weights/SHA256SUMS", "utf8").split(/\s+/);
  assert.equal(name, "mlnet_resnet18.npz");
  assert.equal(await sha256(source), hash);
  assert.ok(source.size <= 11.5e6, `${source.size}`);
  source.close();
});

Deno.test("true opens it for mlnet_resnet18: names, shapes, order, preset", async () => {
  const { checkpoint, preset } = await openPretrained("mlnet_resnet18", true);
  assert.deepEqual(preset, {
    resizeSize: 256,
    cropSize: 224,
    interpolation: "bilinear",
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  assert.equal(checkpoint.metadata?.arch, "mlnet_resnet18");
  assert.match(checkpoint.metadata?.license ?? "", /^MIT, .*\.NET Foundation/);
  const names = [...checkpoint.tensors.keys()];
  assert.equal(names.length, 110);
  assert.equal(names[0], "conv1.weight");
  assert.equal(names.at(-1), "layer4.2.bn2.running_var");
  assert.deepEqual(checkpoint.tensors.get("layer4.2.conv2.weight"), {
    shape: [512, 512, 3, 3],
    dtype: "int8",
  });
  // Every tensor has values, in its last channel too, and none is NaN.
  let parameters = 0;
  for (const [name, { shape }] of checkpoint.tensors) {
    const values = await checkpoint.read(name);
    assert.equal(values.length, shape.reduce((a, b) => a * b, 1), name);
    const last = values.subarray(-values.length / shape[0]);
    assert.ok(last.some((value) => value !== 0), name);
    assert.ok(values.every(Number.isFinite), name);
    if (!name.includes("running")) parameters += values.length;
  }
  assert.equal(parameters, 15_897_152);
  checkpoint.close();
});

/** An image whose pixels come from other places of this one. */
function moved(
  { width, height, data }: RgbImage,
  size: { width: number; height: number },
  from: (x: number, y: number) => [x: number, y: number],
): RgbImage {
  const pixels = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, to += 3) {
      const [fromX, fromY] = from(x, y);
      const at = 3 * (fromY * width + fromX);
      pixels.set(data.subarray(at, at + 3), to);
    }
  }
  assert.equal(pixels.length, 3 * width * height);
  return { ...size, data: pixels };
}

/** The rows of the committed features: see `scripts/make_shipped_goldens.py`. */
async function pictures(): Promise<RgbImage[]> {
  const images = await Promise.all(
    ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
      .map((name) => decodeImage(`examples/images/${name}`)),
  );
  const [astronaut, chelsea, coffee, rocket] = images;
  const asBgr = coffee.data.map((_, i, data) => data[i + 2 - 2 * (i % 3)]);
  return [
    ...images,
    moved(astronaut, astronaut, (x, y) => [astronaut.width - 1 - x, y]),
    moved(chelsea, chelsea, (x, y) => [x, chelsea.height - 1 - y]),
    { ...coffee, data: asBgr },
    moved(
      rocket,
      { width: rocket.height, height: rocket.width },
      (x, y) => [y, x],
    ),
  ];
}

Deno.test("features are within 0.999 of the float32 network's, also on pictures not used for tuning", async () => {
  const golden = await openCheckpoint("tests/data/weights/mlnet_float32.npz");
  using model = await createModel("mlnet_resnet18", null, true);
  const images = await pictures();
  const values = model.extract(model.preprocess(images), ["layer4", "avgpool"]);
  const near = {
    layer4: toNCHW(values.layer4),
    avgpool: values.avgpool as Tensor,
  };
  for (const layer of ["layer4", "avgpool"] as const) {
    const expected = await golden.read(layer);
    const actual = near[layer].dataSync<"float32">();
    assert.equal(actual.length, expected.length);
    const size = expected.length / images.length;
    images.forEach((_, i) => {
      const row = (all: Float32Array) => all.subarray(i * size, (i + 1) * size);
      const closeness = cosine(row(actual), row(expected));
      assert.ok(closeness >= 0.999, `${layer} ${i}: ${closeness}`);
    });
  }
  golden.close();
});

/** Path of the float32 state dict, if the environment has one and it may be read. */
function sourcePath(): string | undefined {
  const variable = "LAYERTAP_MLNET_PTH";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

Deno.test({
  name: "it is made anew from the .pth byte for byte",
  // The state dict has 64 MB and isn't in the repository.
  ignore: sourcePath() === undefined,
  async fn() {
    const packed = await convertWeights(sourcePath()!, {
      dtype: "int8",
      metadata: {
        license: "MIT, Copyright (c) .NET Foundation and Contributors",
      },
    });
    assert.ok(
      Buffer.from(packed).equals(readFileSync(path)),
      "the packed bytes differ",
    );
  },
});
