// stock: no, it tests files, not the kernels
import assert from "node:assert/strict";
import { archRow } from "../../src/arch/lookup.ts";
import { withoutClasses } from "../../src/arch/table.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import type { NetworkQuestion } from "../../src/weights/candidates.ts";
import { chooseNetwork } from "../../src/weights/choose_network.ts";
import { findNetworks } from "../../src/weights/find_networks.ts";
import { headClasses } from "../../src/weights/guess_row.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import {
  assertSameBits,
  assertTensors,
  expectedTensors,
  fileBytes,
} from "./fixtures.ts";
import { formulaCheckpoint } from "../support/formula.ts";

const resnet18 = withoutClasses(archRow("resnet18"));
const { tensors: plain } = formulaCheckpoint("resnet18");

/** A checkpoint of these tensors, whose values are their numbers; records what is asked of it. */
function checkpointOf(tensors: Checkpoint["tensors"]) {
  const log: string[] = [];
  const names = [...tensors.keys()];
  const checkpoint: Checkpoint = {
    source: "x.pth",
    tensors,
    expect: (wanted) => log.push(`expect ${wanted}`),
    read: (name) => {
      log.push(`read ${name}`);
      return Promise.resolve(new Float32Array([names.indexOf(name)]));
    },
    close: () => log.push("close"),
  };
  return { checkpoint, log };
}

/** Copies of ResNet-18's tensors under prefixes, and others. */
function tensorsUnder(
  prefixes: readonly string[],
  others: Record<string, number[]> = {},
): Checkpoint["tensors"] {
  return new Map([
    ...prefixes.flatMap((prefix) =>
      [...plain].map(([name, tensor]) => [prefix + name, tensor] as const)
    ),
    ...Object.entries(others).map(([name, shape]) =>
      [name, { shape, dtype: "float32" }] as const
    ),
  ]);
}

function choose(
  tensors: Checkpoint["tensors"],
  question: Partial<NetworkQuestion> = {},
) {
  const { checkpoint, log } = checkpointOf(tensors);
  const chosen = chooseNetwork(checkpoint, {
    arch: resnet18,
    outputLayer: null,
    ...question,
  });
  return { ...chosen, log };
}

Deno.test("any prefix is found, and reads go to the file's names", async () => {
  for (
    const [prefix, shown] of [
      ["", ""],
      ["module.", ""],
      ["_orig_mod.module.", ""],
      ["net.", "net"],
      ["model.backbone.", "model.backbone"],
      ["model._fsdp_wrapped_module.backbone.", "model.backbone"],
    ]
  ) {
    const { prefix: found, checkpoint, notes, log } = choose(
      tensorsUnder([prefix]),
    );
    assert.equal(found, shown);
    assert.deepEqual(notes, []);
    assert.deepEqual([...checkpoint.tensors.keys()], [...plain.keys()]);
    checkpoint.expect?.(["conv1.weight", "fc.bias"]);
    assert.deepEqual([...await checkpoint.read("fc.bias")], [plain.size - 1]);
    checkpoint.close();
    assert.deepEqual(log, [
      `expect ${prefix}conv1.weight,${prefix}fc.bias`,
      `read ${prefix}fc.bias`,
      "close",
    ]);
  }
});

Deno.test("what stands outside is passed over, in one note with three names", () => {
  const { notes } = choose(tensorsUnder(["model."], {
    queue: [128, 65536],
    "model.projector.weight": [128, 512],
    "model.projector.bias": [128],
    "optimizer.state.0.exp_avg": [64],
    "optimizer.state.1.exp_avg": [64],
    "epoch": [],
    "loss.weight": [3],
  }));
  assert.deepEqual(notes, [
    '"x.pth": passed over 7 tensors outside the network (queue, projector, optimizer and 2 more)',
  ]);
});

Deno.test("a tensor inside the network is an error that names it, unless strict is false", () => {
  const tensors = tensorsUnder(["module."], {
    "module.layer1.0.attention.weight": [64],
    "module.layer4.1.attention.weight": [64],
  });
  assert.throws(() => choose(tensors), {
    name: "TypeError",
    message:
      '"x.pth" doesn\'t match resnet18: 2 tensors unexpected (layer1.0.attention.weight, layer4.1.attention.weight); strict: false passes them over',
  });
  assert.deepEqual(choose(tensors, { strict: false }).notes, [
    '"x.pth": passed over 2 tensors inside the network (layer1.0.attention.weight, layer4.1.attention.weight)',
  ]);
  // What comes after the cut isn't computed.
  assert.deepEqual(
    choose(
      tensorsUnder([""], { "layer4.1.attention.weight": [64] }),
      { outputLayer: "layer3" },
    ).notes,
    ['"x.pth": passed over 1 tensor outside the network (layer4)'],
  );
});

Deno.test("of several networks, the one whose role comes first", () => {
  const cases: [taken: string, others: string[]][] = [
    ["encoder_q", ["encoder_k"]],
    ["online_network", ["target_network"]],
    ["base_encoder", ["momentum_encoder"]],
    ["teacher.backbone", ["student.backbone"]],
    ["state_dict_ema", ["state_dict"]],
    ["model_ema", ["model"]],
    ["emaModel", ["model"]],
    ["ema.encoder_q", ["ema.encoder_k", "state.encoder_q", "state.encoder_k"]],
  ];
  for (const [taken, others] of cases) {
    for (const order of [[taken, ...others], [...others, taken]]) {
      const tensors = tensorsUnder(order.map((prefix) => `${prefix}.`));
      const { prefix, notes } = choose(tensors);
      assert.equal(prefix, taken);
      assert.equal(notes.length, 1);
      for (const name of order) assert.match(notes[0], RegExp(`"${name}"`));
      const [other] = others;
      assert.equal(choose(tensors, { prefix: other }).prefix, other);
    }
  }
});

Deno.test("only the front is computed: the whole network still tells which is meant", () => {
  const { tensors: deeper } = formulaCheckpoint("resnet34");
  // layer1 of a deeper network has a block more, its stem doesn't.
  const tensors = new Map([
    ...[...deeper].map(([name, tensor]) =>
      ["teacher." + name, tensor] as const
    ),
    ...tensorsUnder(["student."]),
  ]);
  assert.equal(choose(tensors, { outputLayer: "maxpool" }).prefix, "student");
});

Deno.test("hundreds of networks are refused, unless one is chosen", () => {
  const shapes: Record<string, number[]> = {};
  for (let i = 0; i < 300; i++) {
    shapes[`n${i}.conv1.weight`] = [64, 3, 7, 7];
    shapes[`n${i}.layer1.0.conv1.weight`] = [64, 64, 3, 3];
  }
  const tensors = tensorsUnder(["net."], shapes);
  assert.throws(() => choose(tensors), {
    name: "TypeError",
    message:
      '"x.pth" holds 301 networks, under "net", "n0", "n1" and 298 more; choose one by the option prefix',
  });
  assert.equal(choose(tensors, { prefix: "net" }).prefix, "net");
});

Deno.test("wrappers don't make two networks one", () => {
  for (const order of [["module.", ""], ["", "_orig_mod."]]) {
    assert.throws(() => choose(tensorsUnder(order)), {
      name: "TypeError",
      message: /holds 2 networks, under/,
    });
    const [one] = order;
    const { prefix } = choose(tensorsUnder(order), { prefix: one });
    assert.equal(prefix, one.replace(".", ""));
  }
});

Deno.test("FCOS keeps eps, RetinaNet's is 0", () => {
  const heads = { "head.classification_head.conv.0.weight": [256, 256, 3, 3] };
  const backbone = ["backbone.body."];
  assert.equal(choose(tensorsUnder(backbone, heads)).row.normEps, 0);
  const fcos = { ...heads, "head.regression_head.bbox_ctrness.weight": [1] };
  assert.equal(choose(tensorsUnder(backbone, fcos)).row.normEps, undefined);
});

Deno.test("without such a role the prefixes are listed", () => {
  for (
    const prefixes of [
      ["left", "right"],
      ["keypoint", "body"],
      ["source_encoder", "target_encoder"],
      ["models.0", "models.1"],
    ]
  ) {
    const tensors = tensorsUnder(prefixes.map((prefix) => `${prefix}.`));
    const [one, two] = prefixes;
    assert.throws(() => choose(tensors), {
      name: "TypeError",
      message:
        `"x.pth" holds 2 networks, under "${one}", "${two}"; choose one by the option prefix`,
    });
    assert.equal(choose(tensors, { prefix: two }).prefix, two);
    assert.throws(() => choose(tensors, { prefix: "middle" }), {
      name: "RangeError",
      message: `"x.pth": prefix: expected "${one}", "${two}", got "middle"`,
    });
  }
});

Deno.test("gradients, masks and parts don't qualify", () => {
  const masks = new Map(
    [...plain].map(([name, tensor]) =>
      ["mask." + name, { ...tensor, dtype: "bool" }] as const
    ),
  );
  const gradients = new Map(
    [...plain].filter(([name]) => !name.includes("running"))
      .map(([name, tensor]) => ["grad." + name, tensor] as const),
  );
  const tensors = new Map([...masks, ...gradients, ...tensorsUnder(["net."])]);
  assert.equal(choose(tensors).prefix, "net");
});

Deno.test("two names of one place are one network", () => {
  const placed = (prefix: string, file: string) =>
    [...plain].map(([name, tensor]) =>
      [prefix + name, { ...tensor, place: file + name }] as const
    );
  const same = new Map([...placed("model.net.", "a"), ...placed("net.", "a")]);
  assert.deepEqual(choose(same).notes, []);
  assert.equal(choose(same).prefix, "net");
  const two = new Map([...placed("one.", "a"), ...placed("two.", "b")]);
  assert.throws(() => choose(two), { name: "TypeError" });
});

Deno.test("fc.1 of Sequential(Dropout, Linear) is the head; of two layers none is", () => {
  const headless = new Map(
    [...plain].filter(([name]) => !name.startsWith("fc.")),
  );
  const linear = (name: string) =>
    [
      [`${name}.weight`, { shape: [7, 512], dtype: "float32" }],
      [`${name}.bias`, { shape: [7], dtype: "float32" }],
    ] as const;
  const one = new Map([...headless, ...linear("fc.1")]);
  assert.equal(choose(one).row.numClasses, 7);
  const two = new Map([...headless, ...linear("fc.0"), ...linear("fc.3")]);
  assert.equal(choose(two, { outputLayer: "flatten" }).prefix, "");
  assert.throws(
    () => choose(two, { arch: { ...resnet18, numClasses: 7 } }),
    /fc isn't one linear layer: it has fc\.0\.weight, fc\.3\.weight/,
  );
});

for (
  const [file, prefix] of [
    ["data_parallel.pth", ""],
    ["lightning.ckpt", "state_dict.model.backbone"],
  ]
) {
  Deno.test(`${file}: the network that was saved, bit for bit`, async () => {
    const found = findNetworks(await openCheckpoint(fileBytes(file)));
    assert.deepEqual(found.map(({ prefix }) => prefix), [prefix]);
    const [{ checkpoint }] = found;
    await assertTensors(checkpoint, await expectedTensors("tiny.pth"));
    assert.equal(headClasses(checkpoint), 7);
  });
}

Deno.test("transformers.safetensors: the network that was saved, bit for bit", async () => {
  const [{ checkpoint }] = findNetworks(
    await openCheckpoint(fileBytes("transformers.safetensors")),
  );
  const expected = await expectedTensors("tiny.pth");
  assert.deepEqual(
    [...checkpoint.tensors.keys()].sort(),
    [...expected.keys()].sort(),
  );
  for (const [name, { data }] of expected) {
    assertSameBits(await checkpoint.read(name), data, name);
  }
});
