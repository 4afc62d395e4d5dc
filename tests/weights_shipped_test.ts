/** The weights that ship: whole, of the right network, and made by the script from their source. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { packFile } from "../scripts/pack_weights.ts";
import { openByteSource } from "../src/formats/open_source.ts";
import { openPretrained } from "../src/weights/resolve.ts";
import { sha256 } from "../src/weights/sha256.ts";

const path = "weights/mlnet_resnet18.npz";

Deno.test("the file is the one that SHA256SUMS names, and at most 13.5 MB", async () => {
  const source = await openByteSource(path);
  const [hash, name] = readFileSync("weights/SHA256SUMS", "utf8").split(/\s+/);
  assert.equal(name, "mlnet_resnet18.npz");
  assert.equal(await sha256(source), hash);
  assert.ok(source.size <= 13.5e6, `${source.size}`);
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
  // Every tensor has values, its last channel as well, and none is NaN.
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

/** Path of the float32 state dict, where the environment gives one and may be read. */
function sourcePath(): string | undefined {
  const variable = "LAYERTAP_MLNET_PTH";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

Deno.test({
  name: "it is made anew from the .pth byte for byte",
  // The state dict has 64 MB and is not part of the repository.
  ignore: sourcePath() === undefined,
  async fn() {
    const packed = await packFile(sourcePath()!, {
      dtype: "int8",
      arch: "mlnet_resnet18",
      license: "MIT, Copyright (c) .NET Foundation and Contributors",
      resizeSize: 256,
    });
    assert.ok(
      Buffer.from(packed).equals(readFileSync(path)),
      "the packed bytes differ",
    );
  },
});
