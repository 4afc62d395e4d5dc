/**
 * The types of layers. The compiler checks most of this file: `@ts-expect-error` fails `deno check`
 * where there is no error.
 */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  type ArchName,
  type ArchRow,
  archTable,
  createFeatureExtractor,
  createModel,
  decodeImage,
  type FeatureExtractor,
  type LayerName,
  type ResNet,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from "../../mod.ts";
import { cutNetwork } from "../../src/arch/cut_network.ts";
import { modulesOf } from "../../src/arch/module.ts";
import { tensorTest } from "../support/leaks.ts";

/** Fails to compile unless the value has exactly this type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? unknown : never;
function is<T>() {
  return <V>(_value: V & Same<T, V>): void => {};
}

Deno.test("the types' names are those of every network's nodes and modules", async () => {
  const file = new URL("../../src/arch/layer_name.ts", import.meta.url);
  const lines = [...archTable].flatMap(([name, row]) => {
    // withHead adds fc to mlnet_resnet18.
    const { trace } = cutNetwork({ ...row, numClasses: 1000 }, null);
    const modules = [...modulesOf(trace.root)].map((module) => module.name);
    modules.shift(); // The root.
    // Understood everywhere, by these names, too.
    const also = ["relu", "avgpool", "flatten"];
    const nodes = new Set([...modules, ...trace.nodes.keys(), ...also]);
    const type = (names: Iterable<string>) =>
      [...names].map((name) => `"${name}"`).join("|");
    return [
      `same<LayerName<"${name}", "module">, ${type(modules)}>(true);`,
      `same<LayerName<"${name}">, ${type(nodes)}>(true);`,
    ];
  });
  assert.equal(lines.length, 32);
  const check = async (...lines: string[]) => {
    const path = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(
        path,
        [
          `import type { LayerName } from "${file}";`,
          "function same<A, B>(_: [A, B] extends [B, A] ? true : [A, B]) {}",
          ...lines,
        ].join("\n"),
      );
      const { success, stderr } = await new Deno.Command("deno", {
        args: ["check", path],
      }).output();
      return success ? "" : new TextDecoder().decode(stderr);
    } finally {
      await Deno.remove(path);
    }
  };
  const wrong = lines.with(-1, lines.at(-1)!.replace("layer4.0.add", "x"));
  const [right, error] = await Promise.all([check(...lines), check(...wrong)]);
  assert.equal(right, "");
  assert.match(error, /TS2345/);
});

tensorTest("the type of each output is what comes out", async () => {
  const x = tf.zeros<tf.Rank.R4>([1, 32, 32, 3]);
  using model = await createModel("resnet18");
  const logits = model.forward(x);
  is<Tensor2D>()(logits);
  const values = model.extract(x, ["layer1.0.relu_1", "flatten", "fc"]);
  is<Tensor4D>()(values["layer1.0.relu_1"]);
  is<Tensor2D>()(values.flatten);
  using front = model.truncate(["layer1", "layer2.0"]);
  const maps = front.forward(x);
  is<Tensor4D>()(maps);
  using extractor = createFeatureExtractor(model, { layer1: "a", fc: "b" });
  const { a, b } = extractor.forward(x);
  is<Tensor4D>()(a);
  is<Tensor2D>()(b);
  const unknown: string = "layer1";
  const some = model.extract(x, [unknown])[unknown];
  is<Tensor>()(some);
  using fitted = front.truncate("layer1");
  is<ResNet<"resnet18", Tensor4D>>()(fitted);
  const ranks = [logits, maps, a, b, some, ...Object.values(values)]
    .map(({ rank }) => rank);
  assert.deepEqual(ranks, [2, 4, 4, 2, 4, 4, 2, 2]);
  tf.dispose([x, logits, maps, a, b, some, values]);
});

// Never called: only its types count.
const _compiles = async (x: Tensor4D, name: string, row: ArchRow) => {
  // The README's three lines.
  const readme = await createModel("mlnet_resnet18", "layer4", true);
  const image = await decodeImage("examples/images/chelsea.png");
  const features = readme.forward(readme.preprocess(image));
  is<Tensor4D>()(features);

  const model = await createModel("resnet50", "layer3.1.conv2");
  is<Tensor4D>()(model.forward(x));
  is<Tensor2D>()((await createModel("resnet50", null, true)).forward(x));
  is<Tensor2D>()((await createModel("resnet50", "flatten")).forward(x));
  model.registerForwardHook("layer4.2", (_module, _inputs, output) => {
    is<Tensor4D>()(output);
  });
  model.registerForwardHook("", (_module, _inputs, output) => {
    is<Tensor>()(output);
  });
  model.registerForwardPreHook("fc", () => {});
  await model.fingerprint("layer2.3.relu_2");
  createFeatureExtractor(model, ["layer1"]).forward(x).layer1.shape[3];
  is<Record<string, Tensor4D>>()(
    createFeatureExtractor(model, { outIndices: [1, 2] }).forward(x),
  );

  // Names that only run-time knows.
  is<Tensor>()((await createModel(name, "anything")).extract(x, [name])[name]);
  model.extract(x, [name]);
  model.truncate([name]);
  model.registerForwardHook(name, () => {});
  (await createModel(row, "layer9")).truncate("layer8");
  (await createModel(null, "layer9", "a.pth")).truncate("layer8");
  const options: string | readonly string[] | null = [name];
  await createModel("resnet50", options);
  const extractor: FeatureExtractor = createFeatureExtractor(model, [name]);
  const renamed: FeatureExtractor = createFeatureExtractor(model, {
    [name]: name,
  });

  // ResNet-D's options change names.
  await createModel("resnet50", "layer1.0.act1", false, { deepStem: true });
  await createModel("resnet50", "layer1.0.act1", false, { avgDown: true });
  await createModel("resnet50d", "layer1.0.act1", false, { memory: "small" });

  // A model with known names passes as any model.
  const models: ResNet[] = [
    model,
    await createModel(name),
    await createModel("mlnet_resnet18", "flatten"),
    model.withHead({ weight: new Float32Array(1), bias: new Float32Array(1) }),
  ];
  const maps: ResNet<ArchName, Tensor4D> = model;
  return { models, maps, extractor, renamed };
};

// Never called: each line is a mistake.
const _mistakes = async (x: Tensor4D) => {
  // @ts-expect-error No such layer.
  createModel("resnet18", "layer5");
  // @ts-expect-error resnet34 has three blocks in layer1.
  createModel("resnet34", "layer1.3");
  // @ts-expect-error Six in layer3.
  createModel("resnet50", ["layer1", "layer3.6"]);
  // @ts-expect-error 23 in layer3.
  createModel("resnet101", "layer3.23.conv1");
  // @ts-expect-error Eight in layer2.
  createModel("resnet152", "layer2.8");
  // @ts-expect-error Bottlenecks have relu_2 at most.
  createModel("resnext50_32x4d", "layer1.0.relu_3");
  // @ts-expect-error The name ends in d, and yet it isn't ResNet-D.
  createModel("resnext101_32x8d", "layer1.0.act1");
  // @ts-expect-error As before.
  createModel("resnext101_64x4d", "act1");
  // @ts-expect-error A module that blocks don't have.
  createModel("wide_resnet50_2", "layer1.0.conv4");
  // @ts-expect-error Only first blocks have shortcuts.
  createModel("wide_resnet101_2", "layer2.1.downsample");
  // @ts-expect-error Three blocks, in layer4 only.
  createModel("mlnet_resnet18", "layer3.2");
  // @ts-expect-error timm's name is act2.
  createModel("resnet18d", "layer1.0.relu_1");
  // @ts-expect-error A BasicBlock has no conv3.
  createModel("resnet34d", "layer1.0.conv3");
  // @ts-expect-error Seven modules in the stem.
  createModel("resnet50d", "conv1.7");
  // @ts-expect-error The block has three.
  createModel("resnet101d", "layer3.22.act4");
  // @ts-expect-error 36 in layer3.
  createModel("resnet152d", "layer3.36");

  const model = await createModel("resnet18");
  // @ts-expect-error In a list.
  model.extract(x, ["layer1", "layer2.2"]);
  // @ts-expect-error relu_2 belongs to Bottlenecks.
  model.truncate("layer1.0.relu_2");
  // @ts-expect-error A node, not a module.
  model.registerForwardHook("layer1.0.add", () => {});
  // @ts-expect-error No such module.
  model.registerForwardPreHook("layer1.2", () => {});
  // @ts-expect-error No such layer.
  model.fingerprint("layer0");
  // @ts-expect-error In a list.
  createFeatureExtractor(model, ["layer1", "layre2"]);
  // @ts-expect-error In an object.
  createFeatureExtractor(model, { layer1: "a", layre2: "b" });
  // @ts-expect-error An option that doesn't exist.
  createModel("resnet18", null, false, { memroy: "small" });
  // @ts-expect-error A vector.
  const maps: ResNet<"resnet18", Tensor4D> = model;
  const names = ["layer1", "layer1.0.add"] satisfies LayerName<"resnet18">[];
  return { maps, names };
};
