import assert from "node:assert/strict";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import {
  headClasses,
  withTorchvisionNames,
} from "../../src/weights/key_names.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import {
  assertSameBits,
  assertTensors,
  expectedTensors,
  fileBytes,
} from "./fixtures.ts";
import { formulaCheckpoint } from "../support/formula.ts";

/** A checkpoint with these names, whose only values are their numbers; records its reads. */
function checkpointOf(names: readonly string[], rows = 1) {
  const log: string[] = [];
  const checkpoint: Checkpoint = {
    source: "x.pth",
    tensors: new Map(
      names.map((name) => [name, { shape: [rows], dtype: "float32" }]),
    ),
    expect: (wanted) => log.push(`expect ${wanted}`),
    read: (name) => {
      log.push(`read ${name}`);
      return Promise.resolve(new Float32Array([names.indexOf(name)]));
    },
    close: () => log.push("close"),
  };
  return { checkpoint, log };
}

const resnet18 = [...formulaCheckpoint("resnet18").tensors.keys()];
const under = (prefix: string) => resnet18.map((name) => prefix + name);

Deno.test("torchvision's names, which are timm's, stay", () => {
  for (const names of [resnet18, [...resnet18, "extra"], ["weight"], []]) {
    const { checkpoint } = checkpointOf(names);
    assert.deepEqual(withTorchvisionNames(checkpoint), { checkpoint });
  }
});

Deno.test("any prefix is removed, with a note", async () => {
  for (
    const prefix of [
      "module.",
      "model.",
      "backbone.",
      "encoder.",
      "resnet.",
      "net.",
      "_orig_mod.",
      "model.backbone.",
      "module.encoder_q.",
    ]
  ) {
    const { checkpoint, log } = checkpointOf(under(prefix));
    const named = withTorchvisionNames(checkpoint);
    assert.equal(
      named.note,
      `"x.pth": removed the prefix "${prefix}" from 102 names`,
    );
    assert.deepEqual([...named.checkpoint.tensors.keys()], resnet18);
    named.checkpoint.expect?.(["conv1.weight", "fc.bias"]);
    assert.deepEqual([...await named.checkpoint.read("fc.bias")], [101]);
    named.checkpoint.close();
    assert.deepEqual(log, [
      `expect ${prefix}conv1.weight,${prefix}fc.bias`,
      `read ${prefix}fc.bias`,
      "close",
    ]);
  }
});

Deno.test("tensors outside the network are ignored and counted", async () => {
  const { checkpoint } = checkpointOf([
    "queue",
    ...under("model."),
    "model.fc.0.weight",
    "model.projector.weight",
    "head.weight",
  ]);
  const named = withTorchvisionNames(checkpoint);
  assert.equal(
    named.note,
    '"x.pth": removed the prefix "model." from 102 names; ignored 4 other tensors',
  );
  assert.deepEqual([...named.checkpoint.tensors.keys()], resnet18);
  await assert.rejects(named.checkpoint.read("head.weight"), {
    name: "RangeError",
    message: '"x.pth" has no tensor "head.weight"',
  });
});

Deno.test("other tensors inside a layer stay, to be rejected as unexpected", () => {
  const { checkpoint } = checkpointOf([
    ...under("module."),
    "module.layer1.0.attention.weight",
  ]);
  const { tensors } = withTorchvisionNames(checkpoint).checkpoint;
  assert.ok(tensors.has("layer1.0.attention.weight"));
});

Deno.test("the first of two networks, with a note", () => {
  const { checkpoint } = checkpointOf([...under("q."), ...under("k.")]);
  const named = withTorchvisionNames(checkpoint);
  assert.equal(
    named.note,
    '"x.pth": removed the prefix "q." from 102 names; ignored the ResNets under "k."; ignored 102 other tensors',
  );
});

Deno.test("transformers' names: blocks of three, without a head, under a prefix", async () => {
  const { checkpoint, log } = checkpointOf([
    "module.embedder.embedder.convolution.weight",
    "module.embedder.embedder.normalization.running_var",
    "module.encoder.stages.0.layers.0.shortcut.convolution.weight",
    "module.encoder.stages.3.layers.12.layer.2.normalization.num_batches_tracked",
    "module.encoder.stages.3.layers.12.layer.2.convolution.weight",
    "other.encoder.stages.3.layers.12.layer.2.convolution.weight",
  ]);
  const named = withTorchvisionNames(checkpoint);
  assert.deepEqual([...named.checkpoint.tensors.keys()], [
    "conv1.weight",
    "bn1.running_var",
    "layer1.0.downsample.0.weight",
    "layer4.12.bn3.num_batches_tracked",
    "layer4.12.conv3.weight",
  ]);
  assert.equal(
    named.note,
    '"x.pth": translated 5 names of transformers\' ResNet; ignored 1 other tensor',
  );
  await named.checkpoint.read("layer4.12.conv3.weight");
  assert.deepEqual(log, [
    "read module.encoder.stages.3.layers.12.layer.2.convolution.weight",
  ]);
});

Deno.test("headClasses: the rows of the head, 0 without one", () => {
  assert.equal(headClasses(checkpointOf(resnet18, 37).checkpoint), 37);
  assert.equal(headClasses(checkpointOf(["conv1.weight"]).checkpoint), 0);
});

for (
  const [file, note] of [
    [
      "data_parallel.pth",
      '"bytes": removed the prefix "module." from 26 names',
    ],
    [
      "lightning.ckpt",
      '"bytes": removed the prefix "model.backbone." from 26 names; ignored 2 other tensors',
    ],
  ]
) {
  Deno.test(`${file}: the network that was saved, bit for bit`, async () => {
    const named = withTorchvisionNames(await openCheckpoint(fileBytes(file)));
    await assertTensors(named.checkpoint, await expectedTensors("tiny.pth"));
    assert.equal(named.note, note);
    assert.equal(headClasses(named.checkpoint), 7);
  });
}

Deno.test("transformers.safetensors: the network that was saved, bit for bit", async () => {
  const named = withTorchvisionNames(
    await openCheckpoint(fileBytes("transformers.safetensors")),
  );
  const expected = await expectedTensors("tiny.pth");
  assert.deepEqual(
    [...named.checkpoint.tensors.keys()].sort(),
    [...expected.keys()].sort(),
  );
  for (const [name, { data }] of expected) {
    assertSameBits(await named.checkpoint.read(name), data, name);
  }
  assert.equal(
    named.note,
    '"bytes": translated 26 names of transformers\' ResNet',
  );
});
