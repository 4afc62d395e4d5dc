import { modulesOf, tensorsOf } from "../arch/module.ts";
import type { Trace } from "../arch/trace.ts";
import type { PassPlan, PassStep } from "../model/pass_plan.ts";
import type { Checkpoint, StoredTensor } from "../weights/checkpoint.ts";
import { type Command, count, inputSize, parse } from "./command.ts";
import {
  cutAfter,
  defaultArch,
  memoryOf,
  runOptions,
  shapeOptions,
  threadsOf,
  traceOf,
} from "./network.ts";

const options = {
  layer: { type: "string", value: "NODE", help: "cut the network after it" },
  batch: {
    type: "string",
    value: "N",
    help: "pictures at a time (default: 1)",
  },
  json: { type: "boolean", help: "print JSON" },
  ...runOptions,
  ...shapeOptions,
} as const;

/** `layertap plan`: what a forward pass will do here, which takes no weights. */
export const plan: Command = {
  purpose: "print what a pass does: fused steps, algorithms, pieces, memory",
  operands: "",
  options,
  example: "layertap plan --arch resnet50 --layer layer2",
  async run(args, io) {
    const { values } = parse(args, options, 0);
    const [c, h, w] = inputSize(values.input);
    const layers = values.layer === undefined ? [] : [values.layer];
    const whole = traceOf(values.arch), trace = cutAfter(whole, layers);
    const memory = memoryOf(values.memory);
    const batch = count("batch", values.batch) ?? 1;
    const { startBackend } = await import("../backend/start.ts");
    const { createModel } = await import("../model/create_model.ts");
    const { planPass } = await import("../model/pass_plan.ts");
    await startBackend({ threads: threadsOf(values.threads) });
    using model = await createModel(
      values.arch ?? defaultArch,
      trace.output,
      ones(whole),
      { memory },
    );
    const pass = planPass(model, [batch, h, w, c]);
    io.stdout.write(
      values.json ? `${JSON.stringify(pass, null, 2)}\n` : table(pass),
    );
  },
};

/** A state dict of ones: a plan doesn't depend on the numbers. */
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

/** One line for each step, below it one for each of its jobs. */
function table({ steps, arenaBytes }: PassPlan): string {
  const lines = steps.flatMap((step) => [
    `${names(step.nodes)}  [${step.shape.join(", ")}]${place(step)}`,
    ...step.jobs.map(({ task, chunks, chunk }) =>
      `    ${task}: ${chunks} x ${chunk || "all"}`
    ),
  ]);
  const weights = steps.reduce((sum, step) => sum + step.weightBytes, 0);
  return [
    ...lines,
    `weights ${megabytes(weights)}, memory that the steps share ${
      megabytes(arenaBytes)
    }`,
    "",
  ].join("\n");
}

/** `layer1.0.conv1 + bn1 + relu`: what the names have in common is said once. */
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
