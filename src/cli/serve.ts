import process from "node:process";
import { type Command, parse, UsageError } from "./command.ts";
import {
  cutAfter,
  memoryOf,
  modelOptions,
  threadsOf,
  traceOf,
} from "./network.ts";

const options = {
  port: {
    type: "string",
    value: "N",
    help: "port to listen on, 0 for one that is free (default: 8000)",
  },
  host: {
    type: "string",
    value: "NAME",
    help: "address to listen on (default: 127.0.0.1, not others)",
  },
  layer: {
    type: "string",
    value: "NODE",
    help: "cut the network after it (default: the whole network)",
  },
  "allow-host": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "fetch pictures from there, too (default: from nowhere)",
  },
  ...modelOptions,
} as const;

/** `layertap serve`: a network behind HTTP. */
export const serve: Command = {
  purpose: "answer over HTTP: features, classes, pictures of feature maps",
  operands: "",
  options,
  example: "layertap serve --port 8000 --arch resnet50",
  async run(args, io) {
    const { values } = parse(args, options, 0);
    const { arch, weights, layer, threads, memory } = values;
    const port = portOf(values.port);
    if (layer !== undefined) cutAfter(traceOf(arch, weights), [layer]);
    if (!("Deno" in globalThis)) {
      throw new Error(
        "layertap serve runs in Deno: under Node give createHandler to the " +
          "server of your choice, such as @hono/node-server",
      );
    }
    const { createHandler } = await import("../serve/create_handler.ts");
    await using handler = createHandler({
      arch,
      outputLayer: layer,
      pretrained: weights ?? true,
      model: { memory: memoryOf(memory) },
      backend: { threads: threadsOf(threads) },
      allowedHosts: values["allow-host"],
      log: (entry) => io.stdout.write(`${JSON.stringify(entry)}\n`),
    });
    await handler.ready();
    const server = Deno.serve({
      hostname: values.host ?? "127.0.0.1",
      port,
      onListen: ({ hostname, port }) =>
        io.stderr.write(`layertap: listening on http://${hostname}:${port}\n`),
    }, (request) => handler(request));
    // A second signal ends the process at once.
    const stop = async () => {
      await handler.close();
      await server.shutdown();
    };
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
    await server.finished;
    for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop);
  },
};

function portOf(value: string = "8000"): number {
  if (/^\d{1,5}$/.test(value) && Number(value) < 65536) return Number(value);
  throw new UsageError(`--port: got "${value}", 0 to 65535 is allowed`);
}
