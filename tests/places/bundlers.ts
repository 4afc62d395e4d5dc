/**
 * Other bundlers, in Chromium.
 *
 * @module
 */

import { page } from "./browsers.ts";
import type { Project } from "./project.ts";
import type { Family, Place } from "./row.ts";

const versions = {
  webpack: "5.113.0",
  "webpack-cli": "7.3.1",
  esbuild: "0.28.2",
  rollup: "4.68.8",
  "@rollup/plugin-node-resolve": "16.0.3",
  "@rollup/plugin-commonjs": "29.0.3",
  "@rollup/plugin-terser": "1.0.2",
};

/** A bundler that leaves the page in `dist/<name>`. */
const bundler = (
  name: keyof typeof versions,
  build: (project: Project) => Promise<unknown>,
  configured?: string,
): Place => ({
  name,
  async ask(project) {
    const folder = `${project.folder}/dist/${name}`;
    await project.bundle("app/main.ts");
    await build(project);
    await project.copy("app/index.html", `dist/${name}/index.html`);
    const place = `${name} ${versions[name]}`;
    const row = await page(project, place, "chromium", folder);
    return configured
      ? { ...row, configured: `${row.configured}; ${configured}` }
      : row;
  },
});

const webpack = (project: Project) =>
  project.run(
    ...["npx", "webpack", "./app/main.js", "-o", "dist/webpack"],
    ...["--mode", "production"],
  );

async function esbuild(project: Project): Promise<void> {
  await project.run(
    ...["npx", "esbuild", "app/main.js", "--bundle", "--minify"],
    ...["--format=esm", "--splitting", "--outdir=dist/esbuild"],
  );
  await copyAssets(project, "dist/esbuild");
}

async function rollup(project: Project): Promise<void> {
  await project.run(
    ...["npx", "rollup", "app/main.js", "--dir", "dist/rollup"],
    ...["-p", "node-resolve={browser:true}", "-p", "commonjs", "-p", "terser"],
  );
  await copyAssets(project, "dist/rollup");
}

/** Puts the files that URLs name beside a bundle, for bundlers that don't follow URLs. */
async function copyAssets({ folder }: Project, to: string): Promise<void> {
  const from = `${folder}/node_modules/@layertap/resnet`;
  for await (const { name } of Deno.readDir(`${from}/src/runtime/wasm`)) {
    if (!name.endsWith(".wasm")) continue;
    const wasm = `${from}/src/runtime/wasm/${name}`;
    await Deno.copyFile(wasm, `${folder}/${to}/${name}`);
  }
  const weights = "weights/mlnet_resnet18.npz";
  await Deno.mkdir(`${folder}/${to}/weights`);
  await Deno.copyFile(`${from}/${weights}`, `${folder}/${to}/${weights}`);
}

/** Bundlers besides Vite. */
export const bundlers: Family = {
  name: "bundlers",
  packages: Object.entries(versions).map((entry) => entry.join("@")),
  places: [
    bundler("webpack", webpack),
    bundler("esbuild", esbuild, "files copied"),
    bundler("rollup", rollup, "files copied"),
  ],
};
