/**
 * Cloudflare's plugin for Vite: its build, in workerd.
 *
 * @module
 */

import { copyFiles } from "../platforms/contract/files.ts";
import { node } from "./project.ts";
import type { Family, Place } from "./row.ts";
import { serving } from "./serving.ts";

const versions = {
  vite: "8.4.0",
  "@cloudflare/vite-plugin": "1.64.0",
  wrangler: "4.164.0",
};

const worker = `import { check } from "./check.js";

export default {
  async fetch({ url }, { ASSETS }) {
    const read = async (name) => {
      const response = await ASSETS.fetch(new URL(\`/\${name}\`, url));
      return new Uint8Array(await response.arrayBuffer());
    };
    return Response.json(await check(read, { ships: false }));
  },
};
`;

const config = {
  name: "features",
  main: "worker.js",
  compatibility_date: "2026-07-01",
  compatibility_flags: ["nodejs_compat"],
  assets: { binding: "ASSETS", run_worker_first: ["/features"] },
};

const viteConfig = `import { cloudflare } from "@cloudflare/vite-plugin";
export default { plugins: [cloudflare({ inspectorPort: false })] };
`;

const program = "vite/bin/vite.js";

/** Vite's server with the Worker. */
const inWorkerd = (command: "preview" | "dev"): Place => ({
  name: `@cloudflare/vite-plugin, ${command}`,
  async ask(project) {
    await project.bundle("check.ts");
    await project.write("worker.js", worker);
    await project.write("wrangler.json", JSON.stringify(config));
    await project.write("vite.config.js", viteConfig);
    await copyFiles(`${project.folder}/public`);
    if (command === "preview") {
      await project.run(...node, `node_modules/${program}`, "build");
    }
    await using server = await serving(project, program, (port) => [
      ...[command, "--host", "127.0.0.1", "--port", port, "--strictPort"],
    ]);
    const response = await fetch(`${server.url}features`);
    if (!response.ok) throw new Error(await response.text());
    const version = versions["@cloudflare/vite-plugin"];
    return {
      place: `@cloudflare/vite-plugin ${version}, ${command}`,
      outcome: await response.json(),
      configured: "`nodejs_compat`; weights passed",
      single: true,
    };
  },
});

/** Cloudflare's plugin for Vite. */
export const cloudflare: Family = {
  name: "cloudflare",
  packages: Object.entries(versions).map((entry) => entry.join("@")),
  places: [inWorkerd("preview"), inWorkerd("dev")],
};
