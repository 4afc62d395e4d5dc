/**
 * A long-lived process for engines such as Spark: it reads pictures from one stream and writes
 * their features to another. `layertap worker` runs it on stdin and stdout.
 *
 * @example The features of a picture, as JSON Lines
 * ```ts
 * import { createModel } from "@layertap/resnet";
 * import { runWorker } from "@layertap/resnet/worker";
 * import assert from "node:assert/strict";
 *
 * using model = await createModel("mlnet_resnet18", "avgpool", true);
 * const requests = new Blob(["examples/images/chelsea.png\n"]).stream();
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const writer = writable.getWriter();
 * const answers = new Response(readable).text();
 * await runWorker(model, ["avgpool"], requests, (bytes) => writer.write(bytes), {
 *   protocol: "jsonl",
 *   jsonValues: "plain",
 *   pool: "avg",
 * });
 * await writer.close();
 * assert.equal(JSON.parse(await answers).avgpool.length, 512);
 * ```
 *
 * @module
 */

export { runWorker, type WorkerOptions } from "./run_worker.ts";
