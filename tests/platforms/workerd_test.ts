// stock: no, each contract starts kernels of its own
/** Cloudflare Workers: the example and the contract, in `workerd`. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Golden } from "./contract/cases.ts";
import { copyFiles } from "./contract/files.ts";
import { reportSteps, type Setting, settingName } from "./contract/report.ts";
import { compareDigest } from "../support/digest.ts";
import { fencedBlock } from "../support/fenced_blocks.ts";
import { testNeeding } from "../support/needing.ts";
import { run } from "./npm_project.ts";
import { DevWorker } from "./workerd_support.ts";

const root = new URL("../../", import.meta.url);
const golden: Golden = JSON.parse(
  await Deno.readTextFile("tests/data/contract/golden.json"),
);

/** The tolerance for float16 weights, relative to a node's largest value. */
const float16 = 2e-3;

/** Files by name. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder)))
    .filter(({ isFile }) => isFile).map(({ name }) => name);
}

/** The example in a folder of its own, made by the commands in docs/places.md. */
async function install(folder: string): Promise<string> {
  const example = `${folder}/examples/cloudflare`;
  await Deno.mkdir(example, { recursive: true });
  for (const name of ["package.json", "worker.ts", "wrangler.jsonc"]) {
    await Deno.copyFile(
      new URL(`examples/cloudflare/${name}`, root),
      `${example}/${name}`,
    );
  }
  const commands =
    (await fencedBlock("docs/places.md#Cloudflare Workers", "sh")).trim()
      .split("\n").map((line) => line.split(" "));
  assert.equal(commands.length, 3);
  const [pack, install, dev] = commands;
  await run([...pack, `${folder}/out/npm`], root);
  await run(install, folder);
  // It runs `wrangler dev`, and so does `dev.js`.
  assert.deepEqual(dev.slice(0, 3), ["npm", "run", "dev"]);
  const version = await run(["node", "--version"], example);
  if (Number(/\d+/.exec(version)) < 22) {
    await run(["npm", "install", "--no-save", "node@22"], example);
  }
  return example;
}

testNeeding(
  ["node", "npm", "npx"],
  "Workers, in workerd",
  async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      const example = await install(folder);

      await t.step(
        "the bundle takes at most 1 MB, gzip, without weights",
        async () => {
          await run(
            ["npx", "wrangler", "deploy", "--dry-run", "--outdir", "dist"],
            example,
          );
          let bytes = 0;
          for (const name of await namesIn(`${example}/dist`)) {
            if (!/\.(js|wasm)$/.test(name)) continue;
            bytes +=
              gzipSync(await Deno.readFile(`${example}/dist/${name}`)).length;
          }
          console.log(`bundle: ${bytes} bytes, gzip`);
          assert(bytes > 100_000 && bytes <= 1_000_000, `${bytes}`);
        },
      );

      await t.step("features of a picture, within 128 MB", async () => {
        await using worker = await DevWorker.start(example, "wrangler.jsonc");
        const body = await Deno.readFile("examples/images/chelsea.png");
        const { shape, digest } = golden["chelsea.png"].nodes.flatten;
        const ask = async () => {
          const start = performance.now();
          const response = await worker.fetch("/features?layer=avgpool", {
            method: "POST",
            headers: { "content-type": "image/png" },
            body,
          });
          const answer = await response.json();
          assert.equal(response.status, 200, answer.detail);
          const { pictures: [{ features }] } = answer;
          const ms = performance.now() - start;
          const values = Float32Array.from(features.avgpool.flat(2));
          compareDigest("avgpool", values, shape, digest, float16);
          return ms;
        };
        const cold = await ask();
        const warm = Math.min(await ask(), await ask(), await ask());
        // Batches that begin after the request that started the first one has ended.
        for (let i = 0; i < 5; i++) {
          await Promise.all([ask(), ask(), ask(), ask()]);
        }
        const { heap, buffers, wasm } = await worker.memory();
        const megabytes = (heap + buffers + wasm) / 2 ** 20;
        console.log(
          `cold ${cold.toFixed()} ms, warm ${warm.toFixed()} ms; ${
            megabytes.toFixed(1)
          } MB: heap ${heap}, buffers ${buffers}, WebAssembly ${wasm}`,
        );
        assert(megabytes > 20 && megabytes <= 128, `${megabytes} MB`);
      });

      await copyFiles(`${example}/assets`);
      await Deno.copyFile(
        "tests/platforms/workerd/contract.jsonc",
        `${example}/contract.jsonc`,
      );
      await run([
        ...["deno", "bundle", "--external", "@layertap/resnet", "--output"],
        ...[`${example}/contract.js`, "tests/platforms/workerd/contract.ts"],
      ], root);
      for (const kernels of ["stock", "own"] as const) {
        const setting: Setting = { kernels, threads: 1 };
        await t.step(`the contract: ${settingName(setting)}`, async (t) => {
          await using worker = await DevWorker.start(
            example,
            "contract.jsonc",
            {
              KERNELS: kernels,
            },
          );
          const response = await worker.fetch("/");
          await reportSteps(t, await response.json(), setting);
        });
        console.log(`skipped: ${kernels} kernels, 2 threads: a Worker has one`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
