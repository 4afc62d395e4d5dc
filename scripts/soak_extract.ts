/**
 * Extracts features of many generated pictures, one in a hundred of them damaged. Checks that
 * memory doesn't grow, and that a run which is killed again and again ends with the same file.
 *
 *     deno task soak [pictures] [kills]
 *
 * @module
 */

import assert from "node:assert/strict";
import { extractToFile } from "../src/extract/extract_to_file.ts";
import { createModel } from "../src/model/create_model.ts";
import { encodePng } from "../src/image/encode_png.ts";
import { listFiles } from "../src/extract/list_files.ts";
import { killWithin, path, startExtract, waitForRows } from "./soak_process.ts";

/** Pictures after which memory must not grow: by then, all code has run. */
const WARM_UP = 100;

/** Writes pictures of several sizes, each with its own pattern; every hundredth is damaged. */
export async function makePictures(
  folder: string,
  count: number,
  { allSound = false } = {},
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const width = 80 + i % 50;
    const height = 60 + i % 70;
    const data = Uint8Array.from(
      { length: 3 * width * height },
      (_, k) => 128 + 127 * Math.sin(i + k * (1 + i) / 997),
    );
    const png = await encodePng({ width, height, data });
    const isDamaged = i % 100 === 50 && !allSound;
    const name = `${i}`.padStart(5, "0");
    await Deno.writeFile(
      `${folder}/${name}.png`,
      isDamaged ? png.subarray(0, png.length / 2) : png,
    );
  }
}

/** Resident memory of an extraction, in bytes. */
export interface Memory {
  /** After the first hundred pictures. */
  readonly first: number;
  /** The largest value from then until the end. */
  readonly peak: number;
  readonly pictures: number;
  readonly seconds: number;
}

/** Measures a run in its own process. */
export async function measureMemory(
  folder: string,
  out: string,
  layer: string,
): Promise<Memory> {
  const { stdout, success } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      `--allow-write=${folder}`,
      path("soak_extract.ts"),
      "measure",
      folder,
      out,
      layer,
    ],
    stderr: "inherit",
  }).output();
  assert.ok(success, "the run failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Runs in that process. */
async function measure(
  folder: string,
  out: string,
  layer: string,
): Promise<Memory> {
  const start = performance.now();
  let first = 0;
  let peak = 0;
  let pictures = 0;
  const look = () => {
    if (pictures < WARM_UP) return;
    const { rss } = Deno.memoryUsage();
    first ||= rss;
    peak = Math.max(peak, rss);
  };
  const timer = setInterval(look, 50);
  using model = await createModel("mlnet_resnet18", layer, true);
  const names = ["layer1", layer];
  await extractToFile(model, listFiles([folder]), names, out, {
    pool: "avg",
    onProgress(done) {
      pictures = done;
      look();
    },
  });
  clearInterval(timer);
  look();
  const seconds = (performance.now() - start) / 1000;
  return { first, peak, pictures, seconds };
}

/**
 * Completes one run, and another that is killed so many times before; both must give the same
 * bytes. Every second kill waits until there is something to resume.
 */
export async function killExtraction(
  folder: string,
  end: string,
  times: number,
): Promise<void> {
  const begin = performance.now();
  const [whole, killed] = ["whole", "killed"]
    .map((name) => `${folder}/${name}${end}`);
  await run(folder, whole);
  const duration = performance.now() - begin;
  for (let i = 0; i < times; i++) {
    const child = start(folder, killed);
    if (i % 2 === 0) {
      await waitForRows(child, killed);
      await killWithin(child, duration / times);
    } else await killWithin(child, duration);
  }
  await run(folder, killed);
  assert.deepEqual(await Deno.readFile(killed), await Deno.readFile(whole));
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !/^\.|\.png$/.test(name)).sort(), [
    `killed${end}`,
    `whole${end}`,
  ]);
}

async function run(folder: string, out: string): Promise<void> {
  const { code } = await start(folder, out).status;
  assert.equal(code, 1, "the exit status hides the damaged pictures");
}

const start = (folder: string, out: string) =>
  startExtract(folder, [
    "--layer=layer1,layer2",
    "--pool=avg",
    "--resume",
    `--out=${out}`,
  ]);

if (import.meta.main) {
  const [first = "2000", second = "10", ...rest] = Deno.args;
  if (first === "measure") {
    console.log(JSON.stringify(await measure(second, rest[0], rest[1])));
  } else {
    const folder = await Deno.makeTempDir();
    try {
      await makePictures(folder, Number(first));
      for (const end of [".npz", ".parquet"]) {
        const { first, peak, pictures, seconds } = await measureMemory(
          folder,
          `${folder}/memory${end}`,
          "avgpool",
        );
        const grown = (peak - first) / 1e6;
        console.log(
          `${end}: ${pictures} pictures, ${
            (pictures / seconds).toFixed(1)
          }/s; ` +
            `${(first / 1e6).toFixed(0)} MB after ${WARM_UP}, ` +
            `${grown.toFixed(1)} MB more at the end`,
        );
        assert.ok(grown < 50, "memory grew by 50 MB or more");
        await Deno.remove(`${folder}/memory${end}`);
      }
      await killExtraction(folder, ".parquet", Number(second));
      console.log(`killed ${second} times: the same bytes`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
}
