/**
 * The options that choose a network, and what they lead to.
 *
 * @module
 */

import { nearest, quoted } from "../errors/nearest.ts";
import { buildResNet } from "../arch/resnet.ts";
import { archTable } from "../arch/table.ts";
import { resolveNode } from "../arch/node_names.ts";
import { cutTrace, type Trace, traceForward } from "../arch/trace.ts";
import type { ResNet } from "../model/model.ts";
import { count, type Io, oneOf, UsageError, type Values } from "./command.ts";
import { startProgress } from "./progress.ts";

/** The network that ships. */
export const defaultArch = "mlnet_resnet18";

const arch = {
  type: "string",
  value: "NAME",
  help: `the network (default: ${defaultArch}, which ships)`,
} as const;

/** For commands that only look at a network. */
export const shapeOptions = {
  input: {
    type: "string",
    value: "C,H,W",
    help: "size of the input (default: 3,224,224)",
  },
  arch,
} as const;

/** How a network runs. */
export const runOptions = {
  threads: {
    type: "string",
    value: "N",
    help: "threads, 1 to 8 (default: all cores)",
  },
  memory: {
    type: "string",
    value: "KIND",
    help: "fast (default), or small, at up to twice the time",
  },
} as const;

/** For commands that run one. */
export const modelOptions = {
  arch,
  weights: {
    type: "string",
    value: "FILE",
    help: "path, URL or entry (default: what ships, or IMAGENET1K_V1)",
  },
  ...runOptions,
} as const;

/** The whole network of an `--arch`; with `--weights` it may have a head that the table's lacks. */
export function traceOf(arch: string = defaultArch, weights?: string): Trace {
  const row = archTable.get(arch);
  if (row) {
    const anyHead = weights === undefined ? {} : { numClasses: 1000 };
    return traceForward(buildResNet({ ...row, ...anyHead }));
  }
  throw new UsageError(
    `--arch: no architecture "${arch}", the nearest are ${
      quoted(nearest(arch, archTable.keys()))
    }`,
  );
}

/** The front of a network that ends with the deepest of the layers; the whole for none. */
export function cutAfter(trace: Trace, layers: readonly string[]): Trace {
  if (layers.length === 0) return trace;
  const wanted = new Set(layers.map((layer) => nodeOf(trace, layer)));
  const deepest = [...trace.nodes.keys()].findLast((node) => wanted.has(node))!;
  return cutTrace(trace, deepest);
}

function nodeOf(trace: Trace, layer: string): string {
  try {
    return resolveNode(trace, trace, layer);
  } catch (error) {
    // What the message says last is for those who write code.
    const [what] = (error as Error).message.split(";");
    throw new UsageError(`--layer: ${what}; "layertap layers" lists all`);
  }
}

/** The value of `--threads`. */
export function threadsOf(value: string | undefined): number | undefined {
  const threads = count("threads", value);
  if (threads === undefined || threads <= 8) return threads;
  throw new UsageError(`--threads: got ${value}, 1 to 8 are allowed`);
}

/** The value of `--memory`. */
export function memoryOf(value: string = "fast"): "fast" | "small" {
  return oneOf("memory", value, ["fast", "small"]);
}

/** Starts the backend and loads the network, up to the deepest of the layers; whole for none. */
export async function openModel(
  { arch = defaultArch, weights, threads, memory }: Values<typeof modelOptions>,
  layers: readonly string[],
  io: Io,
): Promise<ResNet> {
  const { output } = cutAfter(traceOf(arch, weights), layers);
  const threadCount = threadsOf(threads);
  const kind = memoryOf(memory);
  const { startBackend } = await import("../backend/start.ts");
  const { createModel } = await import("../model/create_model.ts");
  await startBackend({ threads: threadCount });
  const progress = await startProgress("weights", io);
  try {
    return await createModel(
      arch,
      layers.length > 0 ? output : null,
      weights ?? true,
      {
        memory: kind,
        warn: (message) => io.stderr.write(`layertap: warning: ${message}\n`),
        onProgress: ({ loaded, total }) =>
          total && progress.update(loaded / total),
      },
    );
  } finally {
    progress.stop();
  }
}
