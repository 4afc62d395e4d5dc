/**
 * The contract in a browser, in a web worker: takes options for the backend, and answers with what
 * runs and the result of each case, or with an error. The files are in the same folder.
 *
 * @module
 */

import * as lib from "@layertap/resnet";
import * as maps from "@layertap/resnet/maps";
import { runContract } from "./cases.ts";

const worker = globalThis as unknown as {
  onmessage: (event: { data: lib.BackendOptions }) => void;
  postMessage(message: unknown): void;
};

async function bytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function report(options: lib.BackendOptions) {
  const info = await lib.startBackend(options);
  const results = await runContract({ ...lib, ...maps }, {
    pictures: {
      "chelsea.png": await bytes("chelsea.png"),
      "rocket.jpg": await bytes("rocket.jpg"),
    },
    weights: await bytes("mlnet_resnet18.npz"),
    golden: JSON.parse(new TextDecoder().decode(await bytes("golden.json"))),
  });
  return { info, results };
}

worker.onmessage = async ({ data }) => {
  worker.postMessage(await report(data).catch((error) => `${error.stack}`));
};
