/**
 * What a newcomer does: an empty project by `npm create vite`, the package, and three lines.
 *
 * @module
 */

import { copyFiles } from "../platforms/contract/files.ts";
import { install, run } from "../platforms/npm_project.ts";
import type { Outcome } from "./check.ts";
import { open, page } from "./browsers.ts";
import { compareLogits } from "./logits.ts";
import type { Project } from "./project.ts";
import type { Family, Place } from "./row.ts";
import { serving } from "./serving.ts";

const versions = { "create-vite": "9.3.0", vite: "8.4.0", typescript: "7.0.2" };

/** The three lines. */
const lines = `import { createModel, decodeImage } from '@layertap/resnet'
const model = await createModel('mlnet_resnet18', null, true)
const features = model.forward(model.preprocess(await decodeImage(new URL('/chelsea.png', location.href))))
`;

/** What the test adds: the features, and how many threads run after ten passes. */
const asked = `
import { backendInfo } from '@layertap/resnet'
const values = [...await features.data()]
document.querySelector('h1')!.textContent = \`\${features.shape}\`
const x = model.preprocess(await decodeImage(new URL('/chelsea.png', location.href)))
for (let pass = 0; pass < 10; pass++) {
  model.forward(x).dispose()
  await new Promise((resolve) => setTimeout(resolve, 20))
}
const heading = document.querySelector('h1')!.textContent
const cores = navigator.hardwareConcurrency
Object.assign(globalThis, { outcome: { info: backendInfo(), values, heading, cores } })
`;

const headers = `const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}
export default { server: { headers } }
`;

/** What the page shows. */
interface Shown extends Pick<Outcome, "info"> {
  readonly values: readonly number[];
  readonly heading: string;
  readonly cores: number;
}

let made: Promise<string> | undefined;

/** Makes the project once. Returns its folder. */
async function make(project: Project): Promise<string> {
  const { workshop: { tarball } } = project;
  await project.run(
    ...["npm", "create", "-y", `vite@${versions["create-vite"]}`, "app", "--"],
    ...["--template", "vanilla-ts", "--no-interactive"],
  );
  const folder = `${project.folder}/app`;
  await install(
    ...[folder, "--save-exact", tarball, `vite@${versions.vite}`],
    `typescript@${versions.typescript}`,
  );
  const main = `${folder}/src/main.ts`;
  await Deno.writeTextFile(main, lines + asked, { append: true });
  await copyFiles(`${folder}/public`);
  return folder;
}

/** Whether the features have torchvision's logits. */
function outcomeOf({ info, values, heading, cores }: Shown): Outcome {
  if (heading !== "1,512") throw new Error(`the page shows ${heading}`);
  return {
    asked: Math.min(cores, 8),
    info,
    ...compareLogits({ "chelsea.png": values }),
  };
}

const place = `npm create vite@${versions["create-vite"]}`;

/** `npm run dev`. */
const dev = (isolated: boolean): Place => ({
  name: `${place}, dev, ${isolated ? "" : "not "}isolated`,
  async ask(project) {
    const folder = await (made ??= make(project));
    const config = `${folder}/vite.config.js`;
    if (isolated) await Deno.writeTextFile(config, headers);
    await using server = await serving(
      project.at("app"),
      "vite/bin/vite.js",
      (port) => ["--host", "127.0.0.1", "--port", port, "--strictPort"],
    );
    const { version, outcome } = await open<Shown>(
      ...[project, "chromium", server.url] as const,
    );
    return {
      place: `${place}, dev, ${version}`,
      outcome: outcomeOf(outcome),
      configured: isolated ? "COOP and COEP" : "nothing",
      single: !isolated,
    };
  },
});

/** `npm run build`, which checks types. */
const built: Place = {
  name: `${place}, build`,
  async ask(project) {
    const folder = await (made ??= make(project));
    await run(["npm", "run", "build"], folder);
    const { outcome, ...row } = await page<Shown>(
      ...[project, `${place}, build`, "chromium", `${folder}/dist`] as const,
    );
    return { ...row, outcome: outcomeOf(outcome) };
  },
};

/** A newcomer's project. */
export const newcomer: Family = {
  name: "newcomer",
  packages: [],
  places: [dev(false), dev(true), built],
};
