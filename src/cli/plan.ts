import { modulesOf, tensorsOf } from "../arch/module.ts";
import type { Trace } from "../arch/trace.ts";
import type { PassDescription, PassStep } from "../model/describe_pass.ts";
import type { Checkpoint, StoredTensor } from "../weights/checkpoint.ts";
import { command } from "./command.ts";
import { networkOf } from "./network.ts";
import {
  cutOption,
  integer,
  jsonOption,
  runOptions,
  shapeOptions,
} from "./options.ts";

/** `layertap plan`: what a forward pass does here; it needs no weights. */
export const plan = command({
  purpose: "print how a forward pass runs: fused steps, algorithms, memory",
  operands: [],
  options: {
    ...cutOption,
    batch: {
      value: "N",
      help: "number of pictures in a batch",
      default: "1",
      read: integer(1),
    },
    ...jsonOption,
    ...runOptions,
    ...shapeOptions,
  },
  example: "layertap plan --arch resnet50 --layer layer2",
  async run({ values, io }) {
    const { batch, layer, memory, threads } = values;
    const [c, h, w] = values.input;
    const layers = layer === undefined ? [] : [layer];
    const { row, full, trace } = await networkOf(values, layers);
    const { startBackend } = await import("../backend/start.ts");
    const { createModel } = await import("../model/create_model.ts");
    const { describePass } = await import("../model/describe_pass.ts");
    await startBackend({ threads });
    using model = await createModel(row, trace.output, ones(full), {
      memory,
    });
    const pass = describePass(model, [batch, h, w, c]);
    io.stdout.write(
      values.json ? `${JSON.stringify(pass, null, 2)}\n` : table(pass),
    );
  },
});

/** Weights of ones: the plan doesn't depend on their values. */
function ones(trace: Trace): Checkpoint {
  const specs = [...modulesOf(trace.root)].flatMap(tensorsOf);
  const tensors = new Map<string, StoredTensor>(
    specs.map(({ name, shape }) => [name, { shape, dtype: "float32" }]),
  );
  return {
    source: "ones",
    tensors,
    read(name) {
      const size = tensors.get(name)!.shape.reduce((a, b) => a * b, 1);
      return Promise.resolve(new Float32Array(size).fill(1));
    },
    close() {},
  };
}

/** One line for each step, followed by one for each of its jobs. */
function table({ steps, arenaBytes }: PassDescription): string {
  const lines = steps.flatMap((step) => [
    `${names(step.nodes)}  [${step.shape.join(", ")}]${place(step)}`,
    ...step.jobs.map(({ task, chunks, chunk }) =>
      `    ${task}: ${chunks} x ${chunk || "all"}`
    ),
  ]);
  const weights = steps.reduce((sum, step) => sum + step.weightBytes, 0);
  return [
    ...lines,
    `weights ${megabytes(weights)}, shared memory of the steps ${
      megabytes(arenaBytes)
    }`,
    "",
  ].join("\n");
}

/** `layer1.0.conv1 + bn1 + relu`: the common prefix only once. */
function names([first, ...rest]: readonly string[]): string {
  const block = first.slice(0, first.lastIndexOf(".") + 1);
  const short = rest.map((name) =>
    block && name.startsWith(block) ? name.slice(block.length) : name
  );
  return [first, ...short].join(" + ");
}

function place({ weightBytes, slot }: PassStep): string {
  const weights = weightBytes ? `, weights ${megabytes(weightBytes)}` : "";
  const memory = slot
    ? `, at ${slot.offset} to ${slot.offset + slot.bytes}`
    : ", a tensor";
  return weights + memory;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
