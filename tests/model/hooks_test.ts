import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createModel, type ResNet, startBackend } from "../../mod.ts";
import { closeTo, take } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const arch = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
} as const;
const side = 40;

/** A test on a small network, which must leave no tensors behind. */
function hookTest(
  name: string,
  body: (model: ResNet, x: tf.Tensor4D) => void | Promise<void>,
) {
  Deno.test(`forward hooks: ${name}`, async () => {
    await startBackend();
    const before = tf.memory().numTensors;
    const x = tf.tensor4d(
      uniform("input", 2 * side * side * 3),
      [2, side, side, 3],
    );
    {
      using model = await createModel(arch, null, formulaCheckpoint(arch));
      const own = tf.memory().numTensors;
      await body(model, x);
      assert.equal(tf.memory().numTensors, own, "tensors left by the test");
    }
    x.dispose();
    assert.equal(tf.memory().numTensors, before, "weights left behind");
  });
}

hookTest(
  "every module sees its own value, and forward is the same",
  (model, x) => {
    const plain = take(model.forward(x));
    const seen: {
      name: string;
      type: string;
      value: tf.Tensor;
      input: tf.Tensor;
    }[] = [];
    const handles = [...model.namedModules().keys()].map((name) =>
      model.registerForwardHook(name, (module, [input], output) => {
        seen.push({
          name: module.name,
          type: module.type,
          value: output.clone(),
          input: input.clone(),
        });
      })
    );
    closeTo(take(model.forward(x)), plain, 1e-5, "logits");
    for (const handle of handles) handle.remove();
    // What torchvision's modules do, in the order in which their forward returns.
    const block = ["conv1", "bn1", "relu", "conv2", "bn2", "relu"];
    const withDownsample = [
      ...block.slice(0, 5),
      "downsample.0",
      "downsample.1",
      "downsample",
      "relu",
    ];
    const layer = (name: string, keys: string[]) => [
      ...keys.map((key) => `${name}.0.${key}`),
      `${name}.0`,
      name,
    ];
    assert.deepEqual(seen.map(({ name }) => name), [
      ...["conv1", "bn1", "relu", "maxpool"],
      ...layer("layer1", block),
      ...["layer2", "layer3", "layer4"].flatMap((l) =>
        layer(l, withDownsample)
      ),
      ...["avgpool", "fc", ""],
    ]);
    // Each output is the node that extract gives, the second call of a ReLU included.
    const counts = new Map<string, number>();
    for (const { name, type, value, input } of seen) {
      const call = counts.get(name) ?? 0;
      counts.set(name, call + 1);
      const node = name === "" ? "fc" : call > 0 ? `${name}_${call}` : name;
      const { [node]: want } = model.extract(x, [node]);
      closeTo(take(value), take(want), 1e-5, node);
      if (type === "ReLU" && call > 0) {
        const add = name.replace("relu", "add");
        closeTo(
          take(input),
          take(model.extract(x, [add])[add]),
          1e-5,
          `input of ${node}`,
        );
      } else input.dispose();
    }
  },
);

hookTest(
  "they run in the order of registration, and remove() ends them",
  (model, x) => {
    const order: string[] = [];
    const first = model.registerForwardHook(
      "layer2",
      () => void order.push("a"),
    );
    model.registerForwardHook("layer2", () => void order.push("b"));
    model.registerForwardHook("layer1", () => void order.push("front"));
    model.forward(x).dispose();
    first.remove();
    first.remove();
    model.forward(x).dispose();
    assert.deepEqual(order, ["front", "a", "b", "front", "b"]);
  },
);

hookTest("a hook may remove itself", (model, x) => {
  let calls = 0;
  const handle = model.registerForwardHook("relu", () => {
    calls++;
    handle.remove();
  });
  model.forward(x).dispose();
  model.forward(x).dispose();
  assert.equal(calls, 1);
});

hookTest("a returned tensor replaces the output", (model, x) => {
  const doubled = tf.tidy(() => {
    const { layer4 } = model.extract(x, ["layer4"]);
    return tf.mul(tf.mean(layer4, [1, 2], true), 2);
  });
  const handle = model.registerForwardHook(
    "layer4",
    (_m, _i, output) => tf.mul(output, 2),
  );
  const { avgpool } = model.extract(x, ["avgpool"]);
  closeTo(take(avgpool), take(doubled));
  // The next hook, and the container around the module, see the replacement.
  let channels: number | undefined;
  model.registerForwardHook("layer4", (_m, _i, output) => {
    channels = output.shape[3];
    return tf.zerosLike(output);
  });
  const zero = model.extract(x, ["layer4"]).layer4;
  assert(take(zero).every((v) => v === 0));
  assert.equal(channels, 512);
  handle.remove();
});

hookTest(
  "a replaced convolution goes through its batch norm",
  (model, x) => {
    model.registerForwardHook("conv1", (_m, _i, output) => tf.mul(output, 0.5));
    const { conv1, bn1 } = model.extract(x, ["conv1", "bn1"]);
    const checkpoint = formulaCheckpoint(arch);
    return (async () => {
      const [weight, bias, mean, variance] = await Promise.all(
        ["weight", "bias", "running_mean", "running_var"].map((key) =>
          checkpoint.read(`bn1.${key}`)
        ),
      );
      const want = take(conv1).map((v, i) => {
        const c = i % 64;
        return (v - mean[c]) / Math.sqrt(variance[c] + 1e-5) * weight[c] +
          bias[c];
      });
      closeTo(take(bn1), want);
    })();
  },
);

hookTest(
  "a tensor made outside the hook can be returned each time",
  (model, x) => {
    const blank = tf.zerosLike(x);
    const { layer3: saved } = model.extract(blank, ["layer3"]);
    blank.dispose();
    model.registerForwardHook("layer3", () => saved);
    const first = take(model.forward(x)), second = take(model.forward(x));
    assert.deepEqual(first, second);
    assert(!saved.isDisposed);
    saved.dispose();
  },
);

hookTest(
  "returning the output or the input itself does no harm",
  (model, x) => {
    const plain = take(model.forward(x));
    model.registerForwardHook("bn1", (_m, _i, output) => output);
    closeTo(take(model.forward(x)), plain);
    // Skipping a module: its input goes on.
    model.registerForwardHook("layer1", (_m, [input]) => input);
    const { maxpool, layer1 } = model.extract(x, ["maxpool", "layer1"]);
    assert.deepEqual(take(layer1), take(maxpool));
  },
);

hookTest("a hook may dispose its tensors", (model, x) => {
  const plain = take(model.forward(x));
  const handle = model.registerForwardHook("layer2", (_m, [input], output) => {
    input.dispose();
    output.dispose();
  });
  closeTo(take(model.forward(x)), plain);
  handle.remove();
});

hookTest("a tensor used after the hook says what to do", (model, x) => {
  let lent!: tf.Tensor, clone!: tf.Tensor;
  const handle = model.registerForwardHook(
    "layer1.0.bn1",
    (_m, _i, output) => {
      lent = output;
      clone = output.clone();
      assert.notEqual(clone.dataId, output.dataId, "a clone shares no memory");
    },
  );
  model.forward(x).dispose();
  handle.remove();
  const gone =
    /this tensor is only valid inside the hook; clone\(\) it there to keep it/;
  assert.throws(() => lent.dataSync(), gone);
  assert.throws(() => lent.clone(), gone);
  assert.throws(() => tf.tidy(() => tf.mul(lent, 2)), gone);
  assert.throws(() => lent.print(), gone);
  assert(take(clone).some((v) => v !== 0));
  lent.dispose();
});

hookTest("a hook that throws leaves nothing behind", (model, x) => {
  const before = tf.memory().numTensors;
  for (const name of ["conv1", "layer1.0.relu", "layer3", "fc", ""]) {
    const handle = model.registerForwardHook(name, () => {
      throw new Error(`from ${name}`);
    });
    assert.throws(() => model.forward(x), new RegExp(`from ${name}$`));
    assert.equal(tf.memory().numTensors, before, name);
    handle.remove();
  }
  model.forward(x).dispose();
});

hookTest(
  "a promise, a number and a wrong shape are TypeErrors",
  async (model, x) => {
    const before = tf.memory().numTensors;
    const cases: [() => unknown, RegExp][] = [
      [
        async () => await Promise.resolve(tf.zeros([1])),
        /^forward hook on "layer2": expected a tensor or nothing, got a Promise; a hook can't be async$/,
      ],
      [
        () => 3,
        /^forward hook on "layer2": expected a tensor or nothing, got 3$/,
      ],
      [
        () => tf.zeros([2, 3]),
        /^forward hook on "layer2": expected float32 \[2, 5, 5, 128\], got float32 \[2, 3\]$/,
      ],
      [
        () => tf.zeros([2, 5, 5, 128], "int32"),
        /expected float32 \[2, 5, 5, 128\], got int32 \[2, 5, 5, 128\]/,
      ],
    ];
    for (const [hook, message] of cases) {
      const handle = model.registerForwardHook("layer2", hook as () => void);
      assert.throws(() => model.forward(x), { name: "TypeError", message });
      await new Promise((resolve) => setTimeout(resolve));
      assert.equal(tf.memory().numTensors, before, `${message}`);
      handle.remove();
    }
  },
);

hookTest("forward may be called again inside a hook", (model, x) => {
  const plain = take(model.forward(x));
  let inner: Float32Array | undefined;
  const handle = model.registerForwardHook("layer2", () => {
    handle.remove();
    inner = take(model.forward(x));
  });
  closeTo(take(model.forward(x)), plain);
  closeTo(inner!, plain);
});

hookTest(
  "extract fires the hooks that it reaches, and no others",
  (model, x) => {
    const fired: string[] = [];
    for (const name of ["layer1", "layer3"]) {
      model.registerForwardHook(name, () => void fired.push(name));
    }
    model.extract(x, ["layer2"]).layer2.dispose();
    assert.deepEqual(fired, ["layer1"]);
  },
);

hookTest("bad names of hooks: the message says what to do instead", (model) => {
  const hook = () => {};
  const cases: [string, RegExp][] = [
    [
      "layer1.0.add",
      /^cannot hook "layer1\.0\.add": it is a node, not a module; read its value with extract/,
    ],
    ["layer1.0.relu_1", /it is a node, not a module; hook "layer1\.0\.relu"/],
    ["layer7", /no module "layer7"; did you mean "layer1"/],
  ];
  for (const [name, message] of cases) {
    assert.throws(() => model.registerForwardHook(name, hook), {
      name: "RangeError",
      message,
    });
  }
  using cut = model.truncate("layer3.0.conv2");
  for (const name of ["layer4", "layer3", "layer3.0.bn2", "fc"]) {
    assert.throws(() => cut.registerForwardHook(name, hook), {
      name: "RangeError",
      message:
        /^the output of ".*" comes after this model's last layer \("layer3\.0\.conv2"\)/,
    });
  }
  assert.throws(
    () => model.registerForwardHook("layer1", 5 as unknown as () => void),
    {
      name: "TypeError",
      message: /^hook on "layer1": expected a function, got 5$/,
    },
  );
});
