/**
 * Hosts of functions, and stand-ins for those that can't be had: workerd, Vercel's edge-runtime, AWS
 * Lambda, Supabase; and Node with permissions.
 *
 * @module
 */

import { gzipSync } from "node:zlib";
import { serveFolder } from "../../examples/browser/serve.ts";
import golden from "../data/contract/golden.json" with { type: "json" };
import { copyFiles } from "../platforms/contract/files.ts";
import { DevWorker } from "../platforms/workerd_support.ts";
import { compareLogits } from "./logits.ts";
import type { Outcome } from "./check.ts";
import { node, type Project } from "./project.ts";
import type { Family, Place, Row } from "./row.ts";

const root = new URL("../../", import.meta.url);
const pictures = Object.keys(golden) as (keyof typeof golden)[];

const copy = (from: string, project: Project, to: string) =>
  Deno.copyFile(new URL(from, root), `${project.folder}/${to}`);

/** Bytes in MB. */
const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;

const workerd: Place = {
  name: "workerd",
  async ask(project) {
    await project.bundle("workerd/main.ts");
    await project.copy("workerd/wrangler.json", "check.json");
    await copyFiles(`${project.folder}/assets`);
    for (const name of ["worker.ts", "wrangler.jsonc"]) {
      await copy(`examples/cloudflare/${name}`, project, name);
    }
    const outcome = await (async () => {
      await using worker = await DevWorker.start(project.folder, "check.json");
      return await (await worker.fetch("/")).json();
    })();
    // The example: the features of each picture.
    await using worker = await DevWorker.start(
      project.folder,
      "wrangler.jsonc",
    );
    for (const name of pictures) {
      const body = await Deno.readFile(`${project.workshop.files}/${name}`);
      const init = { method: "POST", body };
      const response = await worker.fetch("/features?layer=avgpool", init);
      if (!response.ok) throw new Error(await response.text());
      await response.body?.cancel();
    }
    const { heap, buffers, wasm } = await worker.memory();
    return {
      place: `workerd (wrangler ${versions.wrangler})`,
      outcome,
      configured: "nothing",
      single: true,
      peak: megabytes(heap + buffers + wasm),
    };
  },
};

const edge: Place = {
  name: "edge-runtime",
  async ask(project) {
    await project.bundle("edge/main.ts");
    await project.copy("edge/run.js");
    await project.run(
      ...["npx", "esbuild", "edge/main.js", "--bundle", "--format=iife"],
      ...["--outfile=edge/bundle.js", "--log-level=error"],
    );
    await copyFiles(project.folder);
    await using server = serveFolder(project.folder);
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const text = await project.run(
      ...[...node, "edge/run.js", "edge/bundle.js", origin],
    );
    return {
      place: `edge-runtime ${versions["edge-runtime"]}`,
      outcome: JSON.parse(text),
      configured: "compiled modules",
      single: true,
    };
  },
};

/** What a host's program prints. */
interface Answer {
  /** The network's vector of each picture. */
  readonly features: readonly (readonly number[])[];
  readonly network: Outcome["info"];
  /** The most memory of the process. */
  readonly bytes: number;
  /** Seconds of CPU. */
  readonly seconds: number;
}

/** The row of a host that answers with features. */
function rowOf(
  place: string,
  text: string,
  rest: Omit<Row, "place" | "outcome">,
): Row {
  const { features, network, bytes, seconds }: Answer = JSON.parse(text);
  const numbers = compareLogits(
    Object.fromEntries(pictures.map((name, i) => [name, features[i]])),
  );
  return {
    place,
    outcome: { asked: network.threads, info: network, ...numbers },
    peak: `${megabytes(bytes)}, ${seconds.toFixed(1)} s`,
    ...rest,
  };
}

const filesOf = ({ workshop }: Project) =>
  pictures.map((name) => `${workshop.files}/${name}`);

const lambda: Place = {
  name: "Lambda",
  async ask(project) {
    await project.copy("lambda/ask.js");
    await copy("examples/lambda/index.mjs", project, "lambda/index.mjs");
    await copy("tests/data/serve/function_url.json", project, "event.json");
    const text = await project.run(
      ...[...node, "lambda/ask.js", "./index.mjs", "event.json"],
      ...filesOf(project),
    );
    return rowOf("Lambda's handler, Node 22.12.0", text, {
      configured: "nothing",
    });
  },
};

const supabase: Place = {
  name: "Supabase",
  async ask(project) {
    await project.bundle("supabase/main.ts");
    await project.copy("supabase/measure.js");
    await copy("examples/supabase/bundle.mjs", project, "bundle.mjs");
    const file = "supabase/index.js";
    await project.run(...node, "bundle.mjs", "supabase/main.js", file);
    const text = await project.run(
      ...[...node, "supabase/measure.js"],
      ...["npx", "-y", "deno@2.1.14", "run", "--no-lock", "--allow-read"],
      ...[file, `${project.workshop.files}/mlnet_resnet18.npz`],
      ...filesOf(project),
    );
    const { length } = gzipSync(
      await Deno.readFile(`${project.folder}/${file}`),
    );
    return rowOf("Supabase's stand-in, Deno 2.1.14", text, {
      bundle: `${Math.round(length / 1000)} kB`,
      configured: 'one file, `memory: "small"`',
      single: true,
    });
  },
};

const permissions = (worker: boolean): Place => ({
  name: `Node --permission, ${worker ? "with" : "without"} --allow-worker`,
  async ask(project) {
    await project.bundle("script/main.ts");
    const flags = worker ? ["--allow-worker"] : [];
    const configured = ["--permission", "--allow-fs-read=*", ...flags];
    const text = await project.run(
      ...["npx", "-y", "node@26.10.0", ...configured, "script/main.js"],
      project.workshop.files,
    );
    return {
      place: "Node 26.10.0",
      outcome: JSON.parse(text),
      configured: configured.join(" "),
      single: !worker,
    };
  },
});

const versions = {
  "edge-runtime": "4.0.1",
  esbuild: "0.28.2",
  hono: "4.13.19",
  node: "22.12.0",
  wrangler: "4.164.0",
};

/** Hosts of functions. */
export const hosts: Family = {
  name: "hosts",
  packages: Object.entries(versions).map((entry) => entry.join("@")),
  places: [
    workerd,
    edge,
    lambda,
    supabase,
    permissions(false),
    permissions(true),
  ],
};
