/**
 * Runs the npm package in many places, and writes the table of docs/places.md:
 * `deno task test:places [short]`.
 *
 * Needs npx and Chromium, and on Debian `firefox-esr`, `webkit2gtk-driver` and `xvfb`.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import config from "../../deno.json" with { type: "json" };
import { serveFolder } from "../../examples/browser/serve.ts";
import { copyFiles } from "../platforms/contract/files.ts";
import { run } from "../platforms/npm_project.ts";
import type { Outcome } from "./check.ts";

const root = new URL("../../", import.meta.url);
const project = await Deno.makeTempDir();
const files = `${project}/files`;
const node = ["npx", "-y", "node@22.12.0"];

/** What one place shows. */
interface Row {
  readonly place: string;
  readonly outcome: Outcome;
  readonly bundle?: string;
  readonly configured: string;
  /** Whether the place has one thread only. Default: one for each core. */
  readonly single?: boolean;
}

/** A place: its name, and how its outcome is found. */
type Place = readonly [name: string, ask: () => Promise<Row>];

const inProject = (...command: string[]) => run(command, project);

function script(
  place: string,
  command: string[],
  configured = "nothing",
): Place {
  return [place, async () => {
    const text = await inProject(...command, "script/main.js", files);
    return { place, outcome: JSON.parse(text), configured };
  }];
}

const deno = (version: string, configured?: string): Place =>
  script(`Deno ${version}`, [
    ...["npx", "-y", `deno@${version}`, "run", "--no-lock", "--allow-read"],
  ], configured);

/** What a page loads before any picture: JavaScript of the first chunk, gzip. */
async function entrySize(folder: string): Promise<string> {
  let largest = 0;
  const look = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await look(path);
      if (!name.endsWith(".js")) continue;
      largest = Math.max(largest, gzipSync(await Deno.readFile(path)).length);
    }
  };
  await look(folder);
  return `${Math.round(largest / 1000)} kB`;
}

/** A page in a browser. */
async function page(
  place: string,
  browser: string,
  folder: string,
  isolated = true,
): Promise<Row> {
  await copyFiles(folder);
  await using server = serveFolder(folder, { isolated });
  const url = `http://127.0.0.1:${server.addr.port}/index.html`;
  const text = await inProject(...node, "drive.js", browser, url);
  const { version, outcome } = JSON.parse(text);
  return {
    place: `${place}, ${version.replace("/", " ")}`,
    outcome,
    bundle: await entrySize(folder),
    configured: isolated ? "COOP and COEP" : "nothing",
    single: !isolated || browser === "webkit", // WebKitGTK has no shared memory.
  };
}

/** Builds the page once, however many browsers open it. */
function built(
  name: string,
  build: () => Promise<unknown>,
): () => Promise<string> {
  let folder: Promise<string> | undefined;
  return () => folder ??= build().then(() => `${project}/dist/${name}`);
}

const vite = built(
  "vite",
  () => inProject("npx", "vite", "build", "app", "--outDir", "../dist/vite"),
);

const copyPage = (name: string) =>
  Deno.copyFile(
    `${project}/app/index.html`,
    `${project}/dist/${name}/index.html`,
  );

const webpack = built("webpack", async () => {
  await inProject(
    ...["npx", "webpack", "./app/main.js", "-o", "dist/webpack"],
    ...["--mode", "production"],
  );
  await copyPage("webpack");
});

const esbuild = built("esbuild", async () => {
  await inProject(
    ...["npx", "esbuild", "app/main.js", "--bundle", "--minify"],
    ...["--format=esm", "--splitting", "--outdir=dist/esbuild"],
  );
  const wasm = `${project}/node_modules/@layertap/resnet/src/runtime/wasm`;
  for await (const { name } of Deno.readDir(wasm)) {
    if (!name.endsWith(".wasm")) continue;
    await Deno.copyFile(`${wasm}/${name}`, `${project}/dist/esbuild/${name}`);
  }
  const weights = "weights/mlnet_resnet18.npz";
  await Deno.mkdir(`${project}/dist/esbuild/weights`);
  await Deno.copyFile(
    `${project}/node_modules/@layertap/resnet/${weights}`,
    `${project}/dist/esbuild/${weights}`,
  );
  await copyPage("esbuild");
});

const short: readonly Place[] = [
  deno("2.1.14"),
  [
    "Vite, Chromium",
    async () => await page("Vite 8.4.0", "chromium", await vite()),
  ],
  [
    "Vite, Firefox",
    async () => await page("Vite 8.4.0", "firefox", await vite()),
  ],
];
const long: readonly Place[] = [
  deno("2.3.7"),
  deno("2.5.7"),
  deno("2.9.6"),
  script("Node 20.20.2", ["npx", "-y", "node@20.20.2"]),
  script("Node 22.12.0", node),
  script("Node 26.10.0", ["npx", "-y", "node@26.10.0"]),
  script("Bun 1.4.5", ["npx", "-y", "bun@1.4.5"]),
  [
    "Vite, not isolated",
    async () => await page("Vite 8.4.0", "chromium", await vite(), false),
  ],
  [
    "Vite, WebKitGTK",
    async () => await page("Vite 8.4.0", "webkit", await vite()),
  ],
  [
    "webpack",
    async () => await page("webpack 5.113.0", "chromium", await webpack()),
  ],
  [
    "esbuild",
    async () => {
      const row = await page("esbuild 0.28.2", "chromium", await esbuild());
      return {
        ...row,
        configured: `${row.configured}; files copied`,
      };
    },
  ],
];

async function prepare(): Promise<void> {
  await run(["deno", "task", "npm", project], root);
  for (const folder of ["app", "script"]) {
    await Deno.mkdir(`${project}/${folder}`);
    await run([
      ...["deno", "bundle", "--quiet", "--external", "@layertap/resnet"],
      ...["--output", `${project}/${folder}/main.js`],
      `tests/places/${folder}/main.ts`,
    ], root);
  }
  await Deno.copyFile(
    new URL("app/index.html", import.meta.url),
    `${project}/app/index.html`,
  );
  await Deno.copyFile(
    new URL("drive.js", import.meta.url),
    `${project}/drive.js`,
  );
  await Deno.writeTextFile(
    `${project}/package.json`,
    JSON.stringify({ private: true, type: "module" }),
  );
  await copyFiles(files);
  await inProject(
    ...["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"],
    ...[`layertap-resnet-${config.version}.tgz`, "vite@8.4.0"],
    ...["webpack@5.113.0", "webpack-cli@7.3.1", "esbuild@0.28.2"],
    "puppeteer-core@25.16.0",
  );
}

/** Throws if the numbers are wrong, or other threads run than the place can have. */
function requireRight({ outcome, single }: Row) {
  const { info, difference, largest, failed, cases } = outcome;
  const threads = single ? 1 : Math.min(navigator.hardwareConcurrency, 8);
  const wrong = [...failed];
  if (cases < 7) wrong.push(`${cases} cases`);
  if (!(difference < 2e-5 * largest)) wrong.push(`${difference} off`);
  if (info.running !== threads) {
    wrong.push(`${info.running} of ${threads} threads: ${info.fallback}`);
  }
  if (wrong.length) throw new Error(wrong.join("; "));
}

function cells({ place, outcome, bundle = "", configured }: Row): string[] {
  const { info, difference, largest } = outcome;
  return [
    place,
    `${info.threads}`,
    info.fallback ? `${info.running}: ${info.fallback}` : `${info.running}`,
    info.build,
    `${difference.toExponential(1)} of ${largest.toFixed()}`,
    bundle,
    configured,
  ];
}

const heads = [
  ...["place", "threads asked", "running", "build", "largest difference"],
  ...["entry, gzip", "configured"],
];
const rows = [heads, heads.map(() => "---")];
let failures = 0;
try {
  await prepare();
  for (
    const [name, ask] of Deno.args[0] === "short" ? short : [...short, ...long]
  ) {
    try {
      const row = await ask();
      requireRight(row);
      rows.push(cells(row));
      console.log(`ok: ${rows.at(-1)!.join(" | ")}`);
    } catch (error) {
      failures++;
      console.error(`failed: ${name}: ${(error as Error).message}`);
    }
  }
} finally {
  await Deno.remove(project, { recursive: true });
}
const table = rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
console.log(table);
if (Deno.args[0] !== "short" && failures === 0) {
  const docs = new URL("docs/places.md", root);
  const text = await Deno.readTextFile(docs);
  const between = /(<!-- table -->)[^]*(<!-- end -->)/;
  const filled = text.replace(between, `$1\n\n${table}\n\n$2`);
  await Deno.writeTextFile(docs, filled); // `deno fmt` aligns it.
}
console.log(`${rows.length - 2} passed, ${failures} failed`);
Deno.exit(failures === 0 ? 0 : 1);
