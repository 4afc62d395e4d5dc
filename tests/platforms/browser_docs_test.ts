/** The commands and the module of docs/browser.md, unchanged. */

import assert from "node:assert/strict";
import { fencedBlock } from "../support/fenced_blocks.ts";
import { browserTest, serveFolder } from "./browser_support.ts";

const page = "docs/browser.md";
const script = await fencedBlock(page, "sh");
const commands = script.trim().split("\n").map((line) =>
  line.replace(/ +#.*/, "").replace(/^npx -y deno@[\d.]+ /, "").split(" ")
);
async function run(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}

/** A command whose paths are in a folder. */
const inFolder = (folder: string, args: string[]) =>
  args.map((arg) => /^(site|page\.ts)$/.test(arg) ? `${folder}/${arg}` : arg);

/** An empty folder for a test. */
async function emptied(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
  return folder;
}

Deno.test("docs/browser.md: the explorer is served, and built for a static host", async () => {
  assert.equal(commands.length, 3);
  const [serve, build] = commands;
  const child = new Deno.Command("deno", {
    args: [...serve, "--port", "0"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  let said = "";
  for await (const text of output) {
    said += text;
    if (/http:\S+/.test(said)) break;
  }
  const [address] = /http:\S+/.exec(said)!;
  const response = await fetch(address);
  assert.match(await response.text(), /<title>Layertap explorer<\/title>/);
  assert.equal(
    response.headers.get("cross-origin-embedder-policy"),
    "require-corp",
  );
  const code = await fetch(`${address}code/relaxed_shared.wasm`);
  assert.equal(code.headers.get("content-type"), "application/wasm");
  await WebAssembly.compile(await code.arrayBuffer());
  for (const path of ["..%2f..%2fdeno.json", "%zz", "nothing"]) {
    const { status, body } = await fetch(address + path);
    await body?.cancel();
    assert.equal(status, 404, path);
  }
  child.kill();
  await child.status;

  const folder = await emptied("out/test/docs_explorer");
  await run(inFolder(folder, build));
  const names = [...Deno.readDirSync(`${folder}/site`)].map(({ name }) => name);
  assert.deepEqual(names.sort(), ["code", "images", "index.html", "style.css"]);
});

browserTest("docs/browser.md: your own page", async (browser) => {
  const folder = await emptied("out/test/docs_page");
  await Deno.writeTextFile(`${folder}/page.ts`, await fencedBlock(page, "ts"));
  await run(inFolder(folder, commands[2]));
  await Deno.copyFile("examples/images/chelsea.png", `${folder}/site/cat.png`);
  await Deno.writeTextFile(
    `${folder}/site/blank.html`,
    `<!DOCTYPE html><link rel="icon" href="data:,">`,
  );
  for (const isolated of [true, false]) {
    await using server = serveFolder(`${folder}/site`, { isolated });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/blank.html`);
    const { threads, shape, cores } = await page.evaluate(
      `new Promise((resolve, reject) => {
        const worker = new Worker("page.js", { type: "module" });
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data }) =>
          resolve({ ...data, cores: navigator.hardwareConcurrency });
      })`,
    ) as { threads: number; shape: number[]; cores: number };
    await page.close();
    assert.deepEqual(shape, [1, 14, 14, 256]);
    assert.equal(threads, isolated ? Math.min(cores, 8) : 1);
  }
});
