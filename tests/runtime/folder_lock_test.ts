// stock: no, it computes nothing
// Needs --allow-read and --allow-write for the folder of temporary files.
/** FolderLock: stale locks are taken over, and living ones are not, in Deno and in Node. */

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { FolderLock } from "../../src/runtime/folder_lock.ts";
import { inFolder } from "../extract/support.ts";
import { testNeeding } from "../support/needing.ts";

/** A folder whose holder is gone without a word. */
async function held(folder: string, fields: string): Promise<string> {
  const path = await fs.mkdtemp(`${folder}/`);
  await fs.writeFile(`${path}/lock,${fields}`, "");
  return path;
}

Deno.test("FolderLock: the lock of a process that ended is taken, by one", () =>
  inFolder(async (folder) => {
    for (const fields of ["1,,kernel,id,host", "1,,kernel,id,", "0"]) {
      const path = await held(folder, fields);
      const all = await Promise.allSettled(
        Array.from({ length: 8 }, () => FolderLock.take(path)),
      );
      const locks = all.flatMap((one) => "value" in one ? one.value ?? [] : []);
      assert.equal(locks.length, 1);
      assert.deepEqual(await fs.readdir(path), [locks[0].name]);
      await assert.rejects(FolderLock.take(path), {
        message:
          `"${path}": process ${Deno.pid} uses it; wait for its end, or ` +
          "write to another file",
      });
      await locks[0].release();
      const next = await FolderLock.take(path);
      await next!.remove();
      await assert.rejects(fs.stat(path), { code: "ENOENT" });
    }
  }));

Deno.test("FolderLock: a holder that can't be asked keeps it", () =>
  inFolder(async (folder) => {
    const path = await held(folder, "7,123,pid,id,other%2Chost");
    await assert.rejects(FolderLock.take(path), {
      message:
        `"${path}": process 7 on other,host may still use it; wait for ` +
        "its end, or write to another file; if it has ended, rename " +
        '"lock,7,123,pid,id,other%2Chost" in the folder to "lock,0"',
    });
    await fs.rename(
      `${path}/lock,7,123,pid,id,other%2Chost`,
      `${path}/lock,0`,
    );
    await (await FolderLock.take(path))!.remove();
  }));

Deno.test("FolderLock: what is there gives way to no folder", () =>
  inFolder(async (folder) => {
    await fs.writeFile(`${folder}/file`, "mine");
    await fs.mkdir(`${folder}/folder`);
    await fs.writeFile(`${folder}/folder/file`, "mine");
    await fs.symlink(`${folder}/folder`, `${folder}/link`);
    for (const name of ["file", "folder", "link"]) {
      assert.equal(await FolderLock.make(`${folder}/${name}`), undefined);
    }
    assert.deepEqual((await fs.readdir(folder)).sort(), [
      "file",
      "folder",
      "link",
    ]);
    await assert.rejects(FolderLock.make(`${folder}/no/f`), { code: "ENOENT" });
  }));

const inNode = `
import { FolderLock } from "./folder_lock.mjs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { hostname } from "node:os";
import assert from "node:assert/strict";

const here = new URL(".", import.meta.url).pathname;
const host = encodeURIComponent(hostname());
const held = async (pid, start, host) => {
  const path = await fs.mkdtemp(here + "held");
  await fs.writeFile(path + \`/lock,\${pid},\${start},pid,id,\${host}\`, "");
  return path;
};
const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 1e5)"]);
await once(child, "spawn");
const stat = await fs.readFile(\`/proc/\${child.pid}/stat\`, "utf8");
const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
// Of a living process, or one that may live.
for (const [s, h] of [[start, host], ["", host], [start, "elsewhere"], [start, ""]]) {
  await assert.rejects(FolderLock.take(await held(child.pid, s, h)), / use/);
}
// Its number, but of an earlier process.
await (await FolderLock.take(await held(child.pid, "1", host))).remove();
child.kill("SIGKILL");
await once(child, "exit");
const path = await held(child.pid, start, host);
const all = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.take(path)));
const locks = all.flatMap(({ value }) => value ?? []);
assert.equal(locks.length, 1);
await assert.rejects(FolderLock.take(path), /uses it/);
await locks[0].release();
await (await FolderLock.take(path)).remove();
assert.equal(await FolderLock.take(path), undefined);
const made = await Promise.all(Array.from({ length: 8 }, () => FolderLock.make(path)));
assert.equal(made.filter(Boolean).length, 1);
console.log("ok");
`;

testNeeding(["node"], "FolderLock: in Node", () =>
  inFolder(async (folder) => {
    const bundle = await new Deno.Command("deno", {
      args: [
        ...["bundle", "--quiet", "--output", `${folder}/folder_lock.mjs`],
        new URL("../../src/runtime/folder_lock.ts", import.meta.url).href,
      ],
    }).output();
    assert.ok(bundle.success, new TextDecoder().decode(bundle.stderr));
    await fs.writeFile(`${folder}/test.mjs`, inNode);
    const { stdout, stderr } = await new Deno.Command("node", {
      args: [`${folder}/test.mjs`],
    }).output();
    const text = new TextDecoder();
    assert.equal(text.decode(stdout), "ok\n", text.decode(stderr));
  }));
