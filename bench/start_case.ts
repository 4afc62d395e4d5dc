/**
 * One run of the start bench, in a new process.
 *
 * `start_case.ts <own|stock|onnxruntime> <file> <threads> <options>` prints a JSON line; the options
 * are `createModel`'s, as JSON.
 *
 * @module
 */

import process from "node:process";

/** The library that starts. */
export type Starter = "own" | "stock" | "onnxruntime";

/** The cost of a start. */
export interface Started {
  /** Milliseconds from before the import until JavaScript has the logits. */
  readonly milliseconds: number;
  /** Of all threads and of the runtime itself, in the program and in the kernel. */
  readonly cpuMilliseconds: number;
  /** Resident with the first result, in bytes. */
  readonly rss: number;
}

const shape = [1, 224, 224, 3] as const, classes = 1000;

async function layertap(
  kernels: "own" | "stock",
  file: string,
  threads: number,
  options: string,
): Promise<ArrayLike<number>> {
  const { createModel, startBackend } = await import("../mod.ts");
  await startBackend({ kernels, threads });
  const model = await createModel("resnet18", null, file, JSON.parse(options));
  const tf = await import("@tensorflow/tfjs-core");
  return model.forward(tf.zeros([...shape])).dataSync();
}

async function onnxruntime(
  file: string,
  threads: number,
): Promise<ArrayLike<number>> {
  const name = "npm:onnxruntime-web@1.30.0"; // Hidden from the type check, since it is large.
  const { env, InferenceSession, Tensor } = await import(name);
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(await Deno.readFile(file), {
    executionProviders: ["wasm"],
  });
  const [images, height, width, channels] = shape;
  const x = new Tensor(
    "float32",
    new Float32Array(height * width * channels),
    [images, channels, height, width],
  );
  return (await session.run({ x })).y.data;
}

const start = performance.now();
const [starter, file, wanted, options] = Deno.args;
const threads = Number(wanted);
const logits = starter === "onnxruntime"
  ? await onnxruntime(file, threads)
  : await layertap(starter as "own" | "stock", file, threads, options);
const milliseconds = performance.now() - start;
if (logits.length !== classes || !logits[0]) throw new Error("no logits");
const { user, system } = process.cpuUsage();
console.log(JSON.stringify(
  {
    milliseconds,
    cpuMilliseconds: (user + system) / 1000,
    rss: Deno.memoryUsage().rss,
  } satisfies Started,
));
Deno.exit(); // onnxruntime's threads would keep the process alive.
