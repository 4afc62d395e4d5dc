// stock: no, it tests names and tables, not the kernels
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import {
  type ArchRow,
  createModel,
  summary,
  type SummaryOptions,
  type SummaryRow,
} from "../../mod.ts";
import { cutNetwork } from "../../src/arch/cut_network.ts";
import { archRow } from "../../src/arch/lookup.ts";
import { summarize } from "../../src/summary/summary.ts";
import { fixed2, grouped } from "../../src/summary/format.ts";

type Size = [number, number, number];

const tiny: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 10,
};

function table(
  arch: ArchRow | string,
  size: Size,
  options: SummaryOptions & { outputLayer?: string } = {},
) {
  const { outputLayer, ...rest } = options;
  if (!outputLayer) return summary(arch, size, rest);
  return summarize(cutNetwork(archRow(arch), outputLayer).trace, size, rest);
}

const find = (rows: readonly SummaryRow[], name: string) =>
  rows.filter((row) => row.name === name);

/** Cases of scripts/make_summary_goldens.py. */
const cases: [
  name: string,
  arch: ArchRow | string,
  size: Size,
  options?: SummaryOptions & { outputLayer?: string },
][] = [
  ["resnet18", "resnet18", [3, 224, 224]],
  ["resnet18_190x257", "resnet18", [3, 190, 257]],
  ["resnet50", "resnet50", [3, 224, 224]],
  ["resnet50_layer4", "resnet50", [3, 224, 224], {
    outputLayer: "layer4.2.relu_2",
  }],
  ["resnext50_32x4d", "resnext50_32x4d", [3, 224, 224]],
  ["wide_resnet50_2", "wide_resnet50_2", [3, 224, 224]],
  ["tiny_256x384", tiny, [3, 256, 384]],
  ["tiny_batch4", tiny, [3, 64, 96], { batchSize: 4 }],
  ["tiny_layer2.0.conv2", tiny, [3, 64, 64], { outputLayer: "layer2.0.conv2" }],
];

for (const style of ["torchsummary", "torchinfo"] as const) {
  for (const [name, arch, size, options] of cases) {
    Deno.test(`${style} prints the same table: ${name}`, async () => {
      const golden = await readFile(
        `tests/data/summary/${name}.${style}.txt`,
        "utf8",
      );
      assert.equal(`${table(arch, size, { ...options, style })}\n`, golden);
    });
  }
}

for (
  const [name, depth, outputLayer] of [
    ["tiny_depth0", 0],
    ["tiny_depth1", 1],
    ["tiny_depth2", 2],
    ["tiny_depth4", 4],
    ["tiny_layer2.0.conv2_depth1", 1, "layer2.0.conv2"],
  ] as const
) {
  Deno.test(`torchinfo prints the same table: ${name}`, async () => {
    const golden = await readFile(
      `tests/data/summary/${name}.torchinfo.txt`,
      "utf8",
    );
    const options = { style: "torchinfo", depth, outputLayer } as const;
    assert.equal(`${table(tiny, [3, 64, 96], options)}\n`, golden);
  });
}

Deno.test("summary gives rows and totals as data", () => {
  const whole = summary("resnet50", [3, 224, 224]);
  assert.equal(whole.rows.length, 174);
  assert.equal(whole.totalParams, 25_557_032);
  assert.equal(whole.trainableParams, 25_557_032);
  assert.equal(whole.nonTrainableParams, 0);
  assert.deepEqual(find(whole.rows, "layer1.0.conv2"), [{
    name: "layer1.0.conv2",
    node: "layer1.0.conv2",
    type: "Conv2d",
    depth: 3,
    outputShape: [-1, 64, 56, 56],
    params: 36_864,
    multAdds: 36_864 * 56 * 56,
  }]);
  assert.deepEqual(
    find(whole.rows, "layer4.0.relu").map(({ node, outputShape }) => [
      node,
      outputShape,
    ]),
    [
      ["layer4.0.relu", [-1, 512, 14, 14]],
      ["layer4.0.relu_1", [-1, 512, 7, 7]],
      ["layer4.0.relu_2", [-1, 2048, 7, 7]],
    ],
  );

  const cut = table("resnet50", [3, 224, 224], {
    outputLayer: "layer4.2.relu_2",
  });
  assert.equal(cut.totalParams, 23_508_032);
  assert.equal(cut.paramsMB.toFixed(2), "89.68");
  assert.equal(cut.totalMB.toFixed(2), "376.79");
  assert.equal(cut.rows.at(-1)?.name, "layer4.2");
});

Deno.test("summary in torchinfo's style has every module, and both halves of a cut", () => {
  const { rows, multAdds } = table(tiny, [3, 64, 64], {
    style: "torchinfo",
    outputLayer: "layer2.0.conv2",
  });
  assert.equal(multAdds, 42_664_576);
  assert.deepEqual(
    rows.filter(({ type }) =>
      ["ResNet", "Sequential", "BasicBlock"].includes(type)
    )
      .map(({ name, node, outputShape }) => [name, node, outputShape]),
    [
      ["", "layer2.0.conv2", [1, 128, 8, 8]],
      ["layer1", "layer1.0.relu_1", [1, 64, 16, 16]],
      ["layer1.0", "layer1.0.relu_1", [1, 64, 16, 16]],
      ["layer2", null, null],
      ["layer2.0", null, null],
    ],
  );
});

Deno.test("numbers are rounded and grouped as Python does it", () => {
  const values = [0, 0.125, 0.375, 1.005, 1.015, 83.625, 999.999];
  assert.deepEqual(
    values.map(fixed2),
    ["0.00", "0.12", "0.38", "1.00", "1.01", "83.62", "1000.00"],
  );
  assert.equal(grouped(999), "999");
  assert.equal(grouped(25557032), "25,557,032");
  assert.equal(grouped("1000.00"), "1,000.00");
});

Deno.test("summary of a model ends with its last layer", async () => {
  using model = await createModel(tiny, "bn1");
  const { rows } = summary(model, [3, 32, 32]);
  assert.deepEqual(rows.map(({ name }) => name), ["conv1", "bn1"]);
});

Deno.test("summary of a network without a head ends with avgpool", () => {
  const { rows } = summary("mlnet_resnet18", [3, 224, 224]);
  assert.deepEqual(rows.at(-1)?.outputShape, [-1, 512, 1, 1]);
});

Deno.test("bad arguments to summary", () => {
  const fails = (
    error: { name: string; message: string | RegExp },
    arch: unknown,
    size: unknown = [3, 224, 224],
    options: unknown = {},
  ) =>
    assert.throws(
      () => summary(arch as string, size as Size, options as SummaryOptions),
      error,
    );
  fails({
    name: "RangeError",
    message: /^there is no architecture "resnet51"; did you mean "resnet50", /,
  }, "resnet51");
  fails(
    {
      name: "TypeError",
      message: "inputSize: expected [3, height, width], got [224, 224]",
    },
    "resnet18",
    [224, 224],
  );
  fails(
    {
      name: "TypeError",
      message: "inputSize: expected [3, height, width], got 224",
    },
    "resnet18",
    224,
  );
  for (const size of [[224, 224, 3], [3, 0, 224], [3, 224, 1.5]]) {
    fails(
      {
        name: "RangeError",
        message: `inputSize: expected [3, height, width], got [${
          size.join(", ")
        }]`,
      },
      "resnet18",
      size,
    );
  }
  fails(
    {
      name: "RangeError",
      message: 'style: expected "torchsummary" or "torchinfo", got "keras"',
    },
    "resnet18",
    undefined,
    { style: "keras" },
  );
  fails(
    {
      name: "RangeError",
      message: "batchSize: expected an integer of at least 1, got 0",
    },
    "resnet18",
    undefined,
    { batchSize: 0 },
  );
  fails(
    {
      name: "RangeError",
      message: "depth: expected an integer of at least 0, got -1",
    },
    "resnet18",
    undefined,
    { depth: -1 },
  );
});
