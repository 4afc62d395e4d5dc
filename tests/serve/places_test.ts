// stock: no, the networks run in other processes
/** Starting the server: by the command line, by `deno serve`, and in a bare runtime. */

import assert from "node:assert/strict";
import { lines } from "../../src/formats/lines.ts";
import { createModel, decodeImage } from "../../mod.ts";
import { fail } from "../cli/support.ts";
import { chelsea } from "./support.ts";
import { relativeError } from "../support/close.ts";

/** `flatten` of the included network, for the cat. */
async function expected(): Promise<ArrayLike<number>> {
  using model = await createModel("mlnet_resnet18", null, true);
  const input = model.preprocess(await decodeImage(chelsea));
  const output = model.forward(input);
  const values = output.dataSync().slice();
  input.dispose();
  output.dispose();
  return values;
}

/** Starts a server process, and waits until it listens. */
async function start(args: readonly string[]) {
  const process = new Deno.Command("deno", {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = lines(process.stderr);
  for (;;) {
    const { value, done } = await errors.next();
    if (done) throw new Error("the server exited before it listened");
    const origin = /http:\/\/[\w.]+:\d+/.exec(value)?.[0];
    if (origin) return { process, origin, errors };
  }
}

async function features(origin: string): Promise<number[]> {
  const response = await fetch(`${origin}/features`, {
    method: "POST",
    body: chelsea,
  });
  assert.equal(response.status, 200);
  const { pictures: [{ features }] } = await response.json();
  return features.flatten;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`layertap serve answers, and on ${signal} exits after the last answer`, async () => {
    const { process, origin, errors } = await start([
      ...["run", "--no-prompt", "--allow-read", "--allow-net=127.0.0.1"],
      ...[
        "--unstable-no-legacy-abort",
        "src/cli/mod.ts",
        "serve",
        "--port",
        "0",
      ],
    ]);
    const want = await expected();
    assert(relativeError(await features(origin), want) < 1e-6);
    const running = Array.from({ length: 10 }, () => features(origin));
    while ((await (await fetch(`${origin}/healthz`)).json()).requests < 10) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    process.kill(signal);
    for (const values of await Promise.all(running)) {
      assert(relativeError(values, want) < 1e-5);
    }
    const log = (await new Response(process.stdout).text()).trim().split("\n");
    assert.equal((await process.status).code, 0);
    assert.deepEqual(await Array.fromAsync(errors), []);
    const entries = log.map((line) => JSON.parse(line))
      .filter(({ path }) => path === "/features");
    assert.equal(entries.length, 11);
    for (const { status, method, ms, timings, time } of entries) {
      assert.deepEqual([status, method], [200, "POST"]);
      assert(ms >= timings.queue + timings.model);
      assert(!Number.isNaN(Date.parse(time)));
    }
  });
}

Deno.test("layertap serve: a taken port", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await fail(
    ["serve", "--port", `${port}`],
    1,
    `port ${port} of 127.0.0.1 is taken; choose another with --port, or --port 0 for any free one`,
  );
});

Deno.test("layertap serve: wrong command lines", async () => {
  await fail(
    ["serve", "--port", "http"],
    2,
    /--port: expected an integer .*, got "http"/,
  );
  await fail(["serve", "--layer", "layre4"], 2, /--layer: .*layer4/);
  await fail(["serve", "--threads", "9"], 2, /--threads: .*, got 9/);
  await fail(["serve", "cat.jpg"], 2, /unexpected argument "cat.jpg"/);
  await fail(["serve", "--weights", "no.pth"], 1, /cannot open "no.pth"/);
});

Deno.test("deno serve runs the example", async () => {
  const { process, origin, errors } = await start([
    ...["serve", "--no-prompt", "--allow-read", "--unstable-no-legacy-abort"],
    ...["--host", "127.0.0.1", "--port", "0", "examples/serve/deno.ts"],
  ]);
  assert(relativeError(await features(origin), await expected()) < 1e-6);
  process.kill("SIGKILL");
  await Promise.all([process.stdout.cancel(), process.status]);
  await errors.return(undefined);
});

Deno.test("without threads and shared memory: the same values", async () => {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "--no-prompt", "--allow-read", "tests/serve/bare_case.ts"],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const bare = JSON.parse(new TextDecoder().decode(stdout));
  assert(relativeError(bare.flatten, await expected()) < 1e-5);
  assert.equal(bare.worker, false);
  assert.match(bare.fallback, /this runtime has no node:worker_threads/);
  assert.equal(bare.network.threads, 1);
});
