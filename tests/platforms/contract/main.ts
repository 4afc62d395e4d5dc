/**
 * The contract in Deno and Node: starts the backend with the given options, and prints what runs
 * and the result of each case.
 *
 *     deno run --allow-read tests/platforms/contract/main.ts '{"kernels":"own"}' <weights> <golden> <pictures>
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import * as lib from "@layertap/resnet";
import * as maps from "@layertap/resnet/maps";
import { type Files, runContract } from "./cases.ts";

const [options, weights, golden, pictures] = process.argv.slice(2);
const read = async (path: string) => new Uint8Array(await readFile(path));
const files: Files = {
  pictures: {
    "chelsea.png": await read(`${pictures}/chelsea.png`),
    "rocket.jpg": await read(`${pictures}/rocket.jpg`),
  },
  weights: await read(weights),
  golden: JSON.parse(await readFile(golden, "utf8")),
};
const info = await lib.startBackend(JSON.parse(options));
const results = await runContract({ ...lib, ...maps }, files);
console.log(JSON.stringify({ info, results }));
