/**
 * Pages without a bundler: `dist/layertap.js`, from another origin and under content policies.
 *
 * @module
 */

import { serveFolder } from "../../examples/browser/serve.ts";
import { copyFiles } from "../platforms/contract/files.ts";
import { type Browser, entrySize, open } from "./browsers.ts";
import type { Family, Place, Row } from "./row.ts";

const inProject = "node_modules/@layertap/resnet";

/** How a page is served. */
interface Setting {
  /** Default: Chromium. */
  readonly browser?: Browser;
  readonly isolated?: boolean;
  /** Whether the package comes from another origin, as from a CDN. */
  readonly elsewhere?: boolean;
  /** The page's content policy; `CDN` stands for the package's origin. */
  readonly policy?: string;
  /** The page and what it needs; default `index.html`. */
  readonly html?: string;
  readonly single?: boolean;
}

const plain = (name: string, setting: Setting): Place => ({
  name: `a page, ${name}`,
  async ask(project): Promise<Row> {
    const { isolated = true, elsewhere, policy, single } = setting;
    const { browser = "chromium", html = "index.html" } = setting;
    await project.copy(`app/${html}`);
    await project.copy("../../examples/browser/isolate.js", "app/isolate.js");
    await project.bundle("app/main.ts");
    await copyFiles(project.folder);
    await using cdn = serveFolder(`${project.folder}/${inProject}`, {
      isolated: false,
      headers: { "access-control-allow-origin": "*" },
    });
    const origin = `http://127.0.0.1:${cdn.addr.port}`;
    const from = elsewhere ? `${origin}/` : `/${inProject}/`;
    const main = `${project.folder}/app/main.js`;
    const code = (await Deno.readTextFile(main))
      .replaceAll('"@layertap/resnet"', `"${from}dist/layertap.js"`)
      .replaceAll('"@layertap/resnet/maps"', `"${from}dist/maps.js"`);
    await Deno.writeTextFile(main, code);
    await using server = serveFolder(project.folder, {
      isolated,
      headers: policy
        ? { "content-security-policy": policy.replaceAll("CDN", origin) }
        : {},
    });
    const url = `http://127.0.0.1:${server.addr.port}/app/${html}`;
    const { version, outcome } = await open(project, browser, url);
    return {
      place: `page, ${name}, ${version}`,
      outcome,
      bundle: await entrySize(`${project.folder}/${inProject}/dist`),
      configured: isolated
        ? "COOP and COEP"
        : single
        ? "nothing"
        : "a service worker",
      single,
    };
  },
});

const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

const fromCdn =
  "default-src 'self'; script-src 'self' CDN 'wasm-unsafe-eval'; connect-src 'self' CDN";

/** Pages without a bundler. */
export const pages: Family = {
  name: "pages",
  packages: [],
  places: [
    { ...plain("from a CDN", { elsewhere: true }), short: true },
    plain("from a CDN", { elsewhere: true, browser: "firefox" }),
    plain("from a CDN", { elsewhere: true, browser: "webkit", single: true }),
    plain("from a CDN", { elsewhere: true, isolated: false, single: true }),
    plain("from a CDN, strict policy", {
      policy: fromCdn,
      elsewhere: true,
      single: true,
    }),
    plain("from a CDN, policy with blob:", {
      policy: `${fromCdn}; worker-src blob:`,
      elsewhere: true,
    }),
    plain("no headers, as on GitHub Pages", {
      isolated: false,
      html: "alone.html",
    }),
    plain("strict policy", { policy: strict }),
    plain("policy with worker-src blob:", {
      policy: `${strict}; worker-src blob:`,
    }),
    plain("policy with worker-src 'none'", {
      policy: `${strict}; worker-src 'none'`,
      single: true,
    }),
  ],
};
