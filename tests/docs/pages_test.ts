// stock: no, the samples start the backend themselves
/** README.md and docs/*.md: the samples run as pasted, and links lead somewhere. */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { main } from "../../src/cli/mod.ts";
import { fencedBlocks } from "../support/fenced_blocks.ts";

const pages = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "bench/README.md",
  "weights/README.md",
  ...[...Deno.readDirSync("docs")].map(({ name }) => `docs/${name}`)
    .filter((path) => path.endsWith(".md")),
];

/** A task is a command line, alone or with a description. */
const tasks: Record<string, string | { command: string }> = config.tasks;

const [readme, features, figures] = await Promise.all(
  ["README.md", "docs/features.md", "docs/figures.md"].map((path) =>
    Deno.readTextFile(path)
  ),
);
const folder = "out/test/pages";
await Deno.mkdir(folder, { recursive: true });

Deno.test("README.md, docs/figures.md: the samples run with the permissions the first names", async () => {
  const samples = [readme, figures].flatMap((page) => fencedBlocks(page, "ts"));
  assert(samples.length >= 2);
  const [, flags] = /`deno run (--.*?) features\.ts`/.exec(readme)!;
  for (const [i, sample] of samples.entries()) {
    const path = `${folder}/sample_${i}.ts`;
    await Deno.writeTextFile(path, sample);
    const { success, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-prompt", ...flags.split(" "), path],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  }
});

Deno.test("README.md: permissions are those of the tasks", () => {
  const rows = [...readme.matchAll(/^\| `deno task (\w+)` +\| (.*) \|$/gm)];
  assert.deepEqual(
    rows.map(([, name]) => name).join(" "),
    "demo test layertap layers summary extract worker serve",
  );
  for (const [, name, text] of rows) {
    const task = tasks[name];
    const command = typeof task === "string" ? task : task.command;
    assert.deepEqual(
      [...text.matchAll(/`(.*?)`/g)].map(([, flag]) => flag).sort(),
      (command.match(/--allow-\S+/g) ?? []).sort(),
      name,
    );
  }
});

Deno.test("README.md: the table has every entry point", () => {
  const rows = [...readme.matchAll(/^\| `(@layertap\/resnet\S*)` +\|/gm)];
  assert.deepEqual(
    rows.map(([, name]) => name),
    Object.keys(config.exports).map((key) => config.name + key.slice(1)),
  );
});

/** Runs a command line of a page, with what it writes below the tests' folder. */
async function layertap(line: string): Promise<void> {
  const args = line.split(/\s+/).map((word, i, words) =>
    ["--out", "--in"].includes(words[i - 1]) ? `${folder}/${word}` : word
  );
  let said = "";
  const stdout = { write() {} };
  const stderr = { write: (text: string) => said += text };
  assert.equal(await main(args, { stdout, stderr }), 0, `${line}: ${said}`);
}

Deno.test("README.md, docs/features.md and figures.md: the offline commands run", async () => {
  const lines = [readme, features, figures]
    .flatMap((page) => fencedBlocks(page, "sh"))
    .flatMap((block) => block.replaceAll(" \\\n", "").split("\n"))
    .flatMap((line) => /^deno task layertap (.*)/.exec(line)?.[1] ?? []);
  assert(lines.length >= 8);
  for (const line of lines) {
    // Weights of another network are downloaded.
    if (!line.includes("--arch") || line.startsWith("summary")) {
      await layertap(line);
    }
  }
});

/** Paths in code, such as `src/arch/table.ts`. */
const pathInCode =
  /`((?:src|tests|scripts|examples|docs|bench|weights)\/[\w./]*)`/g;

Deno.test("pages: tasks, links and paths exist", async () => {
  for (const page of pages) {
    const text = await Deno.readTextFile(page);
    for (const [, name] of text.matchAll(/deno(?:@[\d.]+)? task ([\w:]+)/g)) {
      assert(name in tasks, `${page}: deno task ${name}`);
    }
    for (const [, path] of text.matchAll(pathInCode)) {
      assert(await Deno.stat(path), `${page}: ${path}`);
    }
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      const url = new URL(link, new URL(page, `file://${Deno.cwd()}/`));
      assert((await Deno.stat(url)).isFile, `${page}: ${link}`);
    }
  }
});
