/** A page, for every bundler: its outcome is a global. */

import { check } from "../check.ts";

async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/${name}`);
  return new Uint8Array(await response.arrayBuffer());
}
Object.assign(globalThis, { outcome: check(read) });
