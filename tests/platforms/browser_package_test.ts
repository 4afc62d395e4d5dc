// stock: no, the package runs in another process
/** The package on a page's main thread, which may not sleep, and under a strict content policy. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { bundleForBrowser } from "../../scripts/bundle_browser.ts";
import { createModel, type RunningBackend } from "../../mod.ts";
import { browserTest } from "./browser_support.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const folder = "out/test/browser_case";
let bundled: Promise<void> | undefined;

const policies = {
  none: undefined,
  "no code from text":
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:",
  "no blob: workers":
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  "no workers":
    "default-src 'self'; script-src 'self' 'unsafe-eval'; worker-src 'none'",
};

/** Runs `browser_case.ts` in a page of its own. */
async function inPage(
  browser: Parameters<Parameters<typeof browserTest>[1]>[0],
  options: object,
  policy: string | undefined,
  isolated: boolean,
): Promise<{ info: RunningBackend; logits: number[]; cores: number }> {
  bundled ??= bundleForBrowser(
    [new URL("browser_case.ts", import.meta.url)],
    folder,
  );
  await bundled;
  const common = {
    ...(policy ? { "content-security-policy": policy } : {}),
    ...(isolated
      ? {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      }
      : {}),
  };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      const typed = (type: string) => ({
        headers: { ...common, "content-type": type },
      });
      if (path === "/") {
        const html = `<!DOCTYPE html><link rel="icon" href="data:,">
          <script type="module" src="browser_case.js"></script>`;
        return new Response(html, typed("text/html"));
      }
      const type = path.endsWith(".js")
        ? "text/javascript"
        : "application/wasm";
      return new Response(await Deno.readFile(folder + path), typed(type));
    },
  );
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.waitForFunction("'run' in globalThis");
  const result = await page.evaluate(
    `run(${JSON.stringify(options)}).then((result) =>
      ({ ...result, cores: navigator.hardwareConcurrency }))`,
  ) as { info: RunningBackend; logits: number[]; cores: number };
  await page.close();
  return result;
}

async function expectedLogits(): Promise<number[]> {
  const row = {
    name: "case",
    block: "BasicBlock",
    layers: [1, 1, 1, 1],
    numClasses: 10,
  } as const;
  using model = await createModel(row, null, formulaCheckpoint(row));
  const x = tf.tensor4d(uniform("input", 3 * 64 * 64), [1, 64, 64, 3]);
  const output = model.forward(x);
  const logits = [...await output.data()];
  tf.dispose([x, output]);
  return logits;
}

for (const kernels of ["stock", "own"] as const) {
  browserTest(
    `in a page's main thread, ${kernels} kernels`,
    async (browser) => {
      const expected = await expectedLogits();
      const largest = Math.max(...expected.map(Math.abs));
      assert(largest > 0.1);
      for (const [name, policy] of Object.entries(policies)) {
        for (const isolated of [true, false]) {
          const what = `policy: ${name}, isolated: ${isolated}`;
          const options = { kernels, threads: 2 };
          const { info, logits } = await inPage(
            browser,
            options,
            policy,
            isolated,
          );
          closeTo(logits, expected, 1e-4, what);
          const files = kernels === "own" && name === "no blob: workers";
          const blobs = name === "none" || name === "no code from text";
          const { running, fallback = "" } = info;
          assert.equal(running, isolated && (files || blobs) ? 2 : 1, what);
          assert.match(
            fallback,
            running === 2
              ? /^$/
              : isolated
              ? /workers are forbidden by the page's policy/
              : /^the page isn't cross-origin isolated: send the headers COOP and COEP$/,
            what,
          );
        }
      }
    },
  );
}
