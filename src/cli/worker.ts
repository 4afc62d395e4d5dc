import process from "node:process";
import { coreCount } from "../runtime/core_count.ts";
import { command, UsageError } from "./command.ts";
import { openModel } from "./network.ts";
import { featureOptions, integer, modelOptions } from "./options.ts";
import { readingOf, threadedFileOptions } from "./picture_files.ts";

/** `layertap worker`: requests on stdin, answers on stdout, until stdin ends. */
export const worker = command({
  purpose: "read pictures on stdin, write features to stdout",
  operands: [],
  options: {
    ...featureOptions,
    protocol: {
      value: "KIND",
      help: "Arrow IPC streams or JSON Lines",
      choices: ["arrow", "jsonl"],
      default: "arrow",
    },
    window: {
      value: "N",
      help: "most outstanding requests (default: 2 batches or 16 lines)",
      read: integer(1),
    },
    "max-bytes": {
      value: "N",
      help: "the most bytes that a request may have",
      default: "268435456",
      read: integer(1),
    },
    root: {
      value: "DIR",
      help: "read files only in this folder, also through links",
    },
    timings: { help: "add the seconds of decoding and computing" },
    ...threadedFileOptions,
    ...modelOptions,
  },
  example: "layertap worker --layer avgpool --threads 1 --protocol jsonl",
  async run({ values, io }) {
    const { layer: layers, protocol, threads = Math.min(coreCount(), 8) } =
      values;
    if (values["json-values"] !== "base64" && protocol !== "jsonl") {
      throw new UsageError("--json-values works only with --protocol jsonl");
    }
    await keepStdoutClean();
    using model = await openModel(values, layers, io);
    const { runWorker } = await import("../worker/run_worker.ts");
    const input = ReadableStream.from<Uint8Array>(process.stdin);
    try {
      await runWorker(model, layers, input, write, {
        ...values,
        ...readingOf(values, io),
        jsonValues: values["json-values"],
        maxBytes: values["max-bytes"],
        decoders: threads > 1 ? threads : 0,
      });
    } catch (error) {
      // A pending read would keep the process alive while stdin is open.
      setTimeout(() => process.exit());
      throw error;
    }
  },
});

/** Resolves when stdout has taken the bytes. */
function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => error ? reject(error) : resolve());
  });
}

/** Keeps stdout for answers: what libraries log goes to stderr. */
async function keepStdoutClean(): Promise<void> {
  const { Console } = await import("node:console");
  globalThis.console = new Console(process.stderr, process.stderr);
}
