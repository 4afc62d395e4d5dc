/**
 * Deno, Node and Bun.
 *
 * @module
 */

import { node } from "./project.ts";
import type { Family, Place } from "./row.ts";

const script = (place: string, ...command: readonly string[]): Place => ({
  name: place,
  async ask(project) {
    await project.bundle("script/main.ts");
    const text = await project.run(
      ...[...command, "script/main.js", project.workshop.files],
    );
    return { place, outcome: JSON.parse(text), configured: "nothing" };
  },
});

const deno = (version: string): Place =>
  script(
    `Deno ${version}`,
    ...["npx", "-y", `deno@${version}`, "run", "--no-lock", "--allow-read"],
  );

/** Deno, Node and Bun. */
export const scripts: Family = {
  name: "scripts",
  packages: [],
  places: [
    { ...deno("2.1.14"), short: true },
    deno("2.3.7"),
    deno("2.5.7"),
    deno("2.9.6"),
    script("Node 20.20.2", "npx", "-y", "node@20.20.2"),
    script("Node 22.12.0", ...node),
    script("Node 26.10.0", "npx", "-y", "node@26.10.0"),
    script("Bun 1.4.5", "npx", "-y", "bun@1.4.5"),
  ],
};
