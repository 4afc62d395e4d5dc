/** A page that asks a worker, `in_worker.ts`, for its outcome. */

import type { Outcome } from "../check.ts";

// The bundler finds the worker by this form.
const worker = new Worker(new URL("./in_worker.js", import.meta.url), {
  type: "module",
});
const outcome = new Promise<Outcome>((resolve, reject) => {
  worker.onmessage = ({ data }) =>
    data.outcome ? resolve(data.outcome) : reject(new Error(data.error));
  worker.onerror = ({ message }) => reject(new Error(message));
});
Object.assign(globalThis, { outcome });
