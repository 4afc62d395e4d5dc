import process from "node:process";
import { printable } from "../errors/printable.ts";
import { readBank } from "../anomaly/bank_file.ts";
import { command } from "./command.ts";
import { knownNetwork } from "./network.ts";
import { networkFor } from "./features_like.ts";
import { cutOption, integer, modelOptions } from "./options.ts";
import { pictureFileOptions } from "./picture_files.ts";
import { readPreset } from "./preset_option.ts";

/** `layertap serve`: a network behind HTTP. */
export const serve = command({
  purpose: "serve features, classes and feature maps over HTTP",
  operands: [],
  options: {
    port: {
      value: "N",
      help: "port to listen on, 0 for any free one",
      default: "8000",
      read: integer(0, 65535),
    },
    host: {
      value: "NAME",
      help: "address to listen on",
      default: "127.0.0.1",
    },
    ...cutOption,
    bank: {
      value: "FILE",
      help: "a bank of good pictures, of anomaly fit, for POST /anomaly",
    },
    ...pictureFileOptions,
    "exif-orientation": {
      help: "turn pictures by their EXIF orientation if a request says nothing",
    },
    "max-bytes": {
      value: "N",
      help: "the most bytes that a request may have",
      default: "33554432",
      read: integer(1),
    },
    "max-pixels": {
      ...pictureFileOptions["max-pixels"],
      help: "refuse larger pictures",
      default: "50000000",
    },
    ...modelOptions,
  },
  example: "layertap serve --port 8000 --arch resnet50",
  async run({ values, io }) {
    const { layer, threads, memory, host, port } = values;
    const { "max-pixels": maxPixels } = values;
    const origin = values.bank && (await readBank(values.bank)).origin;
    const { arch, weights } = origin
      ? await networkFor(values.bank!, origin, values)
      : values;
    const network = { ...values, arch, weights };
    const isKnown = knownNetwork(network, layer === undefined ? [] : [layer]);
    if (!("Deno" in globalThis)) {
      throw new Error(
        "layertap serve needs Deno; in Node pass createHandler to a server " +
          "such as @hono/node-server",
      );
    }
    requireFreePort(host, port);
    const [{ createHandler }, { listen }, { isLoopback }] = await Promise.all([
      import("../serve/create_handler.ts"),
      import("./listen.ts"),
      import("../serve/loopback.ts"),
    ]);
    await using handler = createHandler({
      arch: isKnown ? arch : null,
      outputLayer: layer,
      pretrained: weights ?? true,
      model: {
        memory,
        prefix: values.prefix,
        preset: values.preset === undefined && origin
          ? origin.preset
          : await readPreset(values.preset, arch),
      },
      bank: values.bank,
      backend: { threads },
      draft: values.draft,
      exifOrientation: values["exif-orientation"],
      limits: { maxBytes: values["max-bytes"], maxPixels },
      allowedHosts: values["allow-host"],
      onlyLoopback: isLoopback(host),
      log: (entry) => io.stdout.write(`${printable(JSON.stringify(entry))}\n`),
    });
    await handler.ready();
    const server = listen(handler, {
      hostname: host,
      port,
      onListen: ({ hostname, port }) =>
        io.stderr.write(`layertap: listening on http://${hostname}:${port}\n`),
      onFailure: ({ message }, restarts) =>
        io.stderr.write(
          `layertap: listening again (${restarts}): ${printable(message)}\n`,
        ),
    });
    // A second signal ends the process at once.
    const stop = async () => {
      await handler.close();
      await server.shutdown();
    };
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
    await server.finished;
    for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop);
  },
});

/** Checks the port before the network is loaded, which may take long. */
function requireFreePort(hostname: string, port: number): void {
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    if ((error as Error).name !== "AddrInUse") throw error;
    throw new Error(
      `port ${port} of ${hostname} is taken; choose another with --port, or ` +
        "--port 0 for any free one",
    );
  }
}
