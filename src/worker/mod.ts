/**
 * A long-lived process for engines such as Spark: pictures in on one stream, features out on
 * another.
 *
 * @module
 */

export { runWorker, type WorkerOptions } from "./run_worker.ts";
