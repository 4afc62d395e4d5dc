/**
 * Vite: its build in every browser, its server for development, a worker, and rendering on a server.
 *
 * @module
 */

import { copyFiles } from "../platforms/contract/files.ts";
import { type Browser, open, page } from "./browsers.ts";
import type { Project } from "./project.ts";
import type { Family, Place } from "./row.ts";
import { serving } from "./serving.ts";

const version = "8.4.0";

const headers = `const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
export default { server: { headers } };
`;

/** As a framework does: the module, and with it the package, is imported on the server. */
const renderer = `import { createServer } from "vite";
const server = await createServer({
  logLevel: "error",
  server: { middlewareMode: true, ws: false },
});
await server.ssrLoadModule("/script/main.js");
await server.close();
`;

/** Apps by folder: their modules, and where these are. */
const apps = {
  page: { "app/main.ts": "main.js" },
  worker: {
    "app/with_worker.ts": "main.js",
    "app/in_worker.ts": "in_worker.js",
  },
};

/** Writes an app. */
async function write(project: Project, app: keyof typeof apps): Promise<void> {
  for (const [from, to] of Object.entries(apps[app])) {
    await project.bundle(from, `${app}/${to}`);
  }
  await project.copy("app/index.html", `${app}/index.html`);
}

const builds = new Map<string, Promise<string>>();

/** Builds an app once, however many browsers open it. Returns its folder. */
async function build(project: Project, app: keyof typeof apps) {
  await write(project, app);
  const folder = `${project.folder}/dist/${app}`;
  await project.run("npx", "vite", "build", app, "--outDir", folder);
  return folder;
}

/** What `vite build` makes. */
const built = (
  app: keyof typeof apps,
  browser: Browser,
  isolated = true,
): Place => ({
  name: `Vite's build, ${app}, ${browser}, ${isolated ? "" : "not "}isolated`,
  async ask(project) {
    if (!builds.has(app)) builds.set(app, build(project, app));
    const folder = await builds.get(app)!;
    const place = `Vite ${version}${app === "page" ? "" : ", in a worker"}`;
    return await page(project, place, browser, folder, isolated);
  },
});

/** Vite's server for development. */
const dev = (app: keyof typeof apps): Place => ({
  name: `Vite's dev server, ${app}`,
  async ask(project) {
    await write(project, app);
    await copyFiles(`${project.folder}/${app}/public`);
    await project.write("dev.config.js", headers);
    await using server = await serving(project, "vite/bin/vite.js", (port) => [
      ...[app, "--config", "dev.config.js"],
      ...["--host", "127.0.0.1", "--port", port, "--strictPort"],
    ]);
    const { outcome, version: browser } = await open(
      ...[project, "chromium", server.url] as const,
    );
    const place = app === "page" ? "dev" : "dev, in a worker";
    return {
      place: `Vite ${version}, ${place}, ${browser}`,
      outcome,
      configured: "COOP and COEP",
    };
  },
});

const rendered: Place = {
  name: "Vite's SSR import",
  async ask(project) {
    await project.bundle("script/main.ts");
    await project.write("render.js", renderer);
    const text = await project.run("node", "render.js", project.workshop.files);
    return {
      place: `Vite ${version}, SSR import, Node`,
      outcome: JSON.parse(text),
      configured: "nothing",
    };
  },
};

/** Vite. */
export const vite: Family = {
  name: "vite",
  packages: [`vite@${version}`],
  places: [
    { ...built("page", "chromium"), short: true },
    { ...built("page", "firefox"), short: true },
    built("page", "chromium", false),
    built("page", "webkit"),
    built("worker", "chromium"),
    built("worker", "firefox"),
    dev("page"),
    dev("worker"),
    rendered,
  ],
};
