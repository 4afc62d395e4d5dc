/** Deno, Node and Bun: prints the outcome as JSON. */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { check } from "../check.ts";

const read = async (name: string) =>
  new Uint8Array(await readFile(`${process.argv[2]}/${name}`));
console.log(JSON.stringify(await check(read)));
