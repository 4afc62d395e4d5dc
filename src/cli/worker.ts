import process from "node:process";
import { coreCount } from "../runtime/core_count.ts";
import { type Command, count, oneOf, parse, UsageError } from "./command.ts";
import { featureOptions, featureRequest } from "./feature_options.ts";
import { modelOptions, openModel, threadsOf } from "./network.ts";

const options = {
  ...featureOptions,
  protocol: {
    type: "string",
    value: "KIND",
    help: "arrow (default), an IPC stream each way, or jsonl",
  },
  window: {
    type: "string",
    value: "N",
    help: "requests under way (default: 2 Arrow batches, 16 lines)",
  },
  "max-bytes": {
    type: "string",
    value: "N",
    help: "bytes of a request, at most (default: 268435456)",
  },
  timings: {
    type: "boolean",
    help: "answer the seconds of decoding and computing, too",
  },
  ...modelOptions,
} as const;

/** `layertap worker`: requests on stdin, answers on stdout, until stdin ends. */
export const worker: Command = {
  purpose: "answer pictures on stdin with features on stdout, for engines",
  operands: "",
  options,
  example: "layertap worker --layer avgpool --threads 1 --protocol jsonl",
  async run(args, io) {
    const { values } = parse(args, options, 0);
    const { layers, form } = featureRequest(values);
    const protocol = oneOf("protocol", values.protocol ?? "arrow", [
      "arrow",
      "jsonl",
    ]);
    const request = {
      protocol,
      ...form,
      window: count("window", values.window),
      maxBytes: count("max-bytes", values["max-bytes"]),
      timings: values.timings,
    };
    if (values["json-values"] && protocol !== "jsonl") {
      throw new UsageError("--json-values: it goes with --protocol jsonl");
    }
    const threads = threadsOf(values.threads) ??
      Math.min(coreCount(), 8);

    await keepStdoutClean();
    using model = await openModel(values, layers, io);
    const { runWorker } = await import("../worker/run_worker.ts");
    const input = ReadableStream.from<Uint8Array>(process.stdin);
    const decoders = threads > 1 ? threads : 0;
    try {
      await runWorker(model, layers, input, write, { ...request, decoders });
    } catch (error) {
      // A read under way would keep the process for as long as stdin is open.
      setTimeout(() => process.exit());
      throw error;
    }
  },
};

/** Resolves when stdout has taken it. */
function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => error ? reject(error) : resolve());
  });
}

/** Answers alone go there: what a library logs goes to stderr. */
async function keepStdoutClean(): Promise<void> {
  const { Console } = await import("node:console");
  globalThis.console = new Console(process.stderr, process.stderr);
}
