/**
 * Starts a server's network in a thread and ends it again, many times: by `close`, and by the
 * watchdog in the middle of a pass. Memory and the number of threads must stay flat.
 *
 *     deno task soak:engine [closes] [kills] [own|stock]
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHandler } from "../src/serve/mod.ts";

/** A process after a round. */
export interface Round {
  /** Resident bytes. */
  readonly rss: number;
  readonly threads: number;
}

/** Starts and closes a network, or lets the watchdog end it, that many times. */
export async function soakEngine(
  closes: number,
  kills: number,
  kernels: "own" | "stock",
): Promise<{ closed: Round[]; killed: Round[] }> {
  const picture = await Deno.readFile("examples/images/chelsea.png");
  const closed: Round[] = [], killed: Round[] = [];
  const network = { thread: true, backend: { kernels } };
  for (let i = 0; i < closes; i++) {
    const handler = createHandler({ ...network, outputLayer: "layer2" });
    assert.equal(await ask(handler, [picture]), 200);
    await handler.close();
    closed.push(await measure(0.3));
  }
  const handler = createHandler({
    ...network,
    outputLayer: "layer4",
    batchSize: 64,
    limits: { seconds: 1 },
  });
  for (let i = 0; i < kills; i++) {
    await handler.ready();
    const status = await ask(handler, Array(48).fill(picture));
    assert.equal(status, 504);
    while (await ask(handler, [picture]) !== 200);
    killed.push(await measure(3));
  }
  await handler.close();
  return { closed, killed };
}

/** Asks for features of pictures; returns the status. */
async function ask(
  handler: (request: Request) => Promise<Response>,
  pictures: readonly Uint8Array<ArrayBuffer>[],
): Promise<number> {
  const body = new FormData();
  for (const picture of pictures) body.append("image", new Blob([picture]));
  const url = "http://localhost/features?pool=avg";
  const response = await handler(new Request(url, { method: "POST", body }));
  await response.body?.cancel();
  return response.status;
}

/** @param seconds What threads take to end; Deno gives a busy one two seconds. */
async function measure(seconds: number): Promise<Round> {
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const args = ["-o", "nlwp=", "-p", `${Deno.pid}`];
  const { stdout } = await new Deno.Command("ps", { args }).output();
  const threads = Number(new TextDecoder().decode(stdout));
  return { rss: Deno.memoryUsage().rss, threads };
}

if (import.meta.main) {
  const [closes = 20, kills = 20] = Deno.args.slice(0, 2).map(Number);
  const kernels = Deno.args[2] === "stock" ? "stock" : "own";
  console.log(JSON.stringify(await soakEngine(closes, kills, kernels)));
}
