/**
 * Next.js: a route handler, and a client component under React's StrictMode.
 *
 * @module
 */

import { copyFiles } from "../platforms/contract/files.ts";
import type { Outcome } from "./check.ts";
import { open } from "./browsers.ts";
import type { Project } from "./project.ts";
import type { Family, Place } from "./row.ts";
import { serving } from "./serving.ts";

const versions = { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" };

const layout = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;

/** In development, StrictMode starts it twice and ends the first. */
const component = `"use client";
import { StrictMode, useEffect } from "react";
import { createModel } from "@layertap/resnet";
import { check } from "../check.js";
import { read } from "../read.js";

let starts = 0, ends = 0;

function Model() {
  useEffect(() => {
    starts++;
    const starting = createModel("mlnet_resnet18", "layer3", true);
    globalThis.outcome = starting.then(async () => {
      return { ...await check(read), starts, ends };
    });
    return () => {
      ends++;
      starting.then((model) => model.dispose());
    };
  }, []);
  return <p>Layertap</p>;
}

export default function Page() {
  return <StrictMode><Model /></StrictMode>;
}
`;

const route = `import { readFile } from "node:fs/promises";
import { check } from "../../check.js";

export const dynamic = "force-dynamic";

export async function GET() {
  const read = async (name) =>
    new Uint8Array(await readFile(\`\${process.cwd()}/public/\${name}\`));
  return Response.json(await check(read));
}
`;

const config = (external: boolean) =>
  `const headers = [
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Embedder-Policy", value: "require-corp" },
];
export default {
  headers: async () => [{ source: "/:path*", headers }],
  ${external ? `serverExternalPackages: ["@layertap/resnet"],` : ""}
};
`;

const program = "next/dist/bin/next";

/** How it is built and served. */
interface Way {
  readonly name: string;
  /** The arguments of `next build`; none for `next dev`. */
  readonly build?: readonly string[];
  /** What the route needs. */
  readonly external?: boolean;
}

/** What the component counts. */
interface Counted extends Outcome {
  readonly starts: number;
  readonly ends: number;
}

async function write(project: Project, external: boolean): Promise<void> {
  await project.bundle("check.ts");
  await project.bundle("app/read.ts", "read.js");
  await project.write("app/layout.jsx", layout);
  await project.write("app/page.jsx", component);
  await project.write("app/features/route.js", route);
  await project.write("next.config.js", config(external));
  await copyFiles(`${project.folder}/public`);
}

/** A route and a page, in Node and in Chromium. */
const next = ({ name, build, external = false }: Way): Place => ({
  name: `Next.js, ${name}`,
  async ask(project) {
    await write(project, external);
    if (build) await project.run("npx", "next", "build", ...build);
    await using server = await serving(project, program, (port) => [
      ...[build ? "start" : "dev", "--hostname", "127.0.0.1", "--port", port],
    ]);
    const response = await fetch(`${server.url}features`);
    if (!response.ok) throw new Error(await response.text());
    const route: Outcome = await response.json();
    const client = await open<Counted>(project, "chromium", server.url);
    const { starts, ends } = client.outcome;
    if (`${starts} ${ends}` !== (build ? "1 0" : "2 1")) {
      throw new Error(`${starts} starts, ${ends} ends`);
    }
    const place = `Next.js ${versions.next}, ${name}`;
    return [
      {
        place: `${place}, route`,
        outcome: route,
        configured: external ? "`serverExternalPackages`" : "nothing",
      },
      {
        place: `${place}, client component, ${client.version}`,
        outcome: client.outcome,
        configured: "COOP and COEP",
      },
    ];
  },
});

/** Next.js. */
export const nextjs: Family = {
  name: "next",
  packages: Object.entries(versions).map((entry) => entry.join("@")),
  places: [
    next({ name: "Turbopack", build: [] }),
    next({ name: "webpack", build: ["--webpack"], external: true }),
    next({ name: "dev" }),
  ],
};
