/**
 * Vite's build, in every browser.
 *
 * @module
 */

import { type Browser, page } from "./browsers.ts";
import type { Project } from "./project.ts";
import type { Family, Place } from "./row.ts";

const version = "8.4.0";

let built: Promise<string> | undefined;

/** Builds the page once, however many browsers open it. */
async function build(project: Project): Promise<string> {
  await project.copy("app/index.html");
  await project.bundle("app/main.ts");
  await project.run("npx", "vite", "build", "app", "--outDir", "../dist");
  return `${project.folder}/dist`;
}

const inBrowser = (browser: Browser, isolated = true): Place => ({
  name: `Vite's build, ${browser}, ${isolated ? "" : "not "}isolated`,
  ask: async (project) =>
    await page(
      ...[project, `Vite ${version}`, browser] as const,
      await (built ??= build(project)),
      isolated,
    ),
});

/** Vite. */
export const vite: Family = {
  name: "vite",
  packages: [`vite@${version}`],
  places: [
    { ...inBrowser("chromium"), short: true },
    { ...inBrowser("firefox"), short: true },
    inBrowser("chromium", false),
    inBrowser("webkit"),
  ],
};
