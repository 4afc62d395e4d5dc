// stock: no, it tests files, not the kernels
/** The work folder: one run has it, nothing in it is followed, and damage is noticed. */

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { requireBuiltin } from "../../src/runtime/builtin.ts";
import { WorkFolder } from "../../src/extract/work_folder.ts";
import type { FileFeatures } from "../../src/tables/feature_table.ts";
import { onFullDisk } from "../support/full_disk.ts";
import { inFolder } from "./support.ts";

const run = { nodes: ["a", "b"], dtype: "float32" } as const;

/** Pictures with one and three values; the second failed. */
const batch = (from: number): FileFeatures[] =>
  [0, 1, 2].map((i) => ({
    path: `${from + i}.png`,
    ...i === 1 ? { error: new Error("no picture") } : {
      values: {
        a: { data: Float32Array.of(from + i), shape: [1] },
        b: { data: Float32Array.of(from, i, 0.5), shape: [3] },
      },
    },
  }));

const stamps = ["s0", undefined, "s2"];

/** A run that is stopped after two commits. */
async function stoppedRun(path: string): Promise<void> {
  const folder = await WorkFolder.open(path, run, false);
  for (const from of [0, 3]) {
    await folder.add(batch(from), stamps);
    await folder.commit();
  }
  await folder.close();
}

const resume = (path: string) => WorkFolder.open(path, run, true);

const other = (path: string) =>
  `"${path}": process ${Deno.pid} uses it; wait for its end, or write to another file`;

Deno.test("WorkFolder: a run resumes with its rows and values", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f.part`;
    await stoppedRun(path);
    const work = await resume(path);
    const rows = await Array.fromAsync(work.rows());
    assert.deepEqual(
      rows.map(({ path, stamp }) => [path, stamp]),
      [0, 3].flatMap((from) =>
        stamps.map((stamp, i) => [`${from + i}.png`, stamp])
      ),
    );
    const { columns, count } = work.table();
    const values = async (i: number) => [
      ...new Float32Array((await columns[i].read(0, count)).buffer),
    ];
    assert.deepEqual(await values(0), [0, NaN, 2, 3, NaN, 5]);
    assert.deepEqual((await values(1)).slice(9, 12), [3, 0, 0.5]);
    await work.remove();
    assert.deepEqual(await fs.readdir(folder), []);
  }));

Deno.test("WorkFolder: one run has it, and the next when that has ended", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f.part`;
    const first = await WorkFolder.open(path, run, false);
    for (const again of [false, true]) {
      await assert.rejects(WorkFolder.open(path, run, again), {
        message: other(path),
      });
    }
    await first.add(batch(0), stamps);
    await first.commit();
    await first.close();
    const second = await resume(path);
    await assert.rejects(resume(path), { message: other(path) });
    await second.remove();
    const third = await WorkFolder.open(path, run, false);
    assert.equal(third.table().count, 0);
    await third.remove();
  }));

Deno.test("WorkFolder: of many that begin or resume at once, one has it", () =>
  inFolder(async (folder) => {
    for (let i = 0; i < 20; i++) {
      const path = `${folder}/${i}.part`;
      if (i % 2) await stoppedRun(path);
      const all = await Promise.allSettled(
        Array.from({ length: 5 }, () => WorkFolder.open(path, run, i % 2 > 0)),
      );
      const opened = all.flatMap((one) => "value" in one ? [one.value] : []);
      assert.equal(opened.length, 1);
      for (const one of all) {
        if ("reason" in one) assert.equal(one.reason.message, other(path));
      }
      await opened[0].remove();
    }
    assert.deepEqual(await fs.readdir(folder), []);
  }));

Deno.test("WorkFolder: a list of its files without a lock, which another renames meanwhile", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f.part`;
    await stoppedRun(path);
    const builtin = requireBuiltin("node:fs/promises");
    const { readdir } = builtin;
    let lists = 0;
    const without = async (path: string) => {
      const names = await readdir(path);
      return ++lists > 1 ? names : names.filter((name) => !/^lock,/.test(name));
    };
    builtin.readdir = without as unknown as typeof readdir;
    try {
      await (await resume(path)).remove();
    } finally {
      builtin.readdir = readdir;
    }
    assert(lists > 1);
  }));

Deno.test("WorkFolder: links that were planted keep their targets, and are refused", () =>
  inFolder(async (folder) => {
    const mine = `${folder}/mine`;
    await fs.writeFile(mine, "mine");
    const refused = async (name: string, message: RegExp) => {
      for (const again of [false, true]) {
        const opening = WorkFolder.open(`${folder}/${name}`, run, again);
        await assert.rejects(opening, { message });
      }
      assert.equal(await fs.readFile(mine, "utf8"), "mine");
    };
    await fs.mkdir(`${folder}/a.part`);
    for (const name of ["journal", "0.bin", "1.bin", "whole"]) {
      await fs.symlink(mine, `${folder}/a.part/${name}`);
    }
    await refused("a.part", /it exists and holds other files/);
    await fs.symlink(mine, `${folder}/b.part`);
    await refused("b.part", /it is a file or a link/);
    await fs.mkdir(`${folder}/empty`);
    await fs.symlink(`${folder}/empty`, `${folder}/c.part`);
    await refused("c.part", /it is a file or a link/);

    // Into the folder of a stopped run.
    for (const name of ["journal", "0.bin"]) {
      for (const link of [fs.symlink, fs.link]) {
        const path = `${folder}/d.part`;
        await stoppedRun(path);
        await fs.rm(`${path}/${name}`);
        await link(mine, `${path}/${name}`);
        await assert.rejects(resume(path), {
          message: `cannot resume: "${path}/${name}": it is a link, or no ` +
            `file; delete "${path}" to start over`,
        });
        assert.equal(await fs.readFile(mine, "utf8"), "mine");
        await fs.rm(path, { recursive: true });
      }
    }
    const path = `${folder}/e.part`;
    await stoppedRun(path);
    await fs.symlink(mine, `${path}/whole`);
    const work = await resume(path);
    const { body } = new Response("features");
    await work.become(`${folder}/e`, body!);
    assert.equal(await fs.readFile(`${folder}/e`, "utf8"), "features");
    assert.equal(await fs.readFile(mine, "utf8"), "mine");
  }));

Deno.test("WorkFolder: what is damaged, cut or missing is refused in words", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f.part`;
    const change = async (
      name: string,
      edit: (bytes: Uint8Array) => Uint8Array,
    ) => {
      const bytes = await fs.readFile(`${path}/${name}`);
      await fs.writeFile(`${path}/${name}`, edit(bytes));
    };
    const flip = (at: number) => (bytes: Uint8Array) => {
      bytes[at < 0 ? bytes.length + at : at] ^= 1;
      return bytes;
    };
    const cut = (bytes: Uint8Array) => bytes.subarray(0, -1);
    const inLines =
      (edit: (lines: string[]) => string[]) => (b: Uint8Array) => {
        const lines = new TextDecoder().decode(b).split("\n");
        return new TextEncoder().encode(edit(lines).join("\n"));
      };
    const cases: [() => Promise<unknown>, string, RegExp][] = [
      [() => change("0.bin", flip(0)), "0.bin", /it is not what the run wrote/],
      [
        () => change("1.bin", flip(-1)),
        "1.bin",
        /it is not what the run wrote/,
      ],
      [() => change("0.bin", cut), "0.bin", /it is cut/],
      [() => fs.rm(`${path}/1.bin`), "1.bin", /it is missing/],
      [() => change("journal", flip(40)), "journal", /is not right/],
      [
        () => change("journal", inLines((lines) => lines.toSpliced(2, 1))),
        "journal",
        /is not right/,
      ],
      [
        () => change("journal", inLines((l) => l.toSpliced(3, 0, l[2]))),
        "journal",
        /is not right/,
      ],
      [
        () => change("journal", (b) => new Uint8Array(b.length).with(99, 10)),
        "journal",
        /is not right/,
      ],
    ];
    for (const [damage, file, why] of cases) {
      await stoppedRun(path);
      await damage();
      const message = await resume(path).then(
        () => assert.fail(`${file} was read`),
        (error) => error.message,
      );
      assert.ok(
        message.startsWith(`cannot resume: "${path}/${file}": `),
        message,
      );
      assert.match(message, why);
      assert.ok(message.endsWith(`; delete "${path}" to start over`), message);
      await fs.rm(path, { recursive: true });
    }

    // A kill may lose the last commit; then its rows come again.
    await stoppedRun(path);
    await change("journal", cut);
    const work = await resume(path);
    assert.equal(work.table().count, 3);
    await work.remove();
  }));

Deno.test("WorkFolder: a run of other weights is not resumed", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f.part`;
    const of = (a: string) => ({ ...run, fingerprints: { a } });
    const work = await WorkFolder.open(path, of("1"), false);
    await work.add(batch(0), stamps);
    await work.commit();
    await work.close();
    await assert.rejects(WorkFolder.open(path, of("2"), true), {
      message:
        /^cannot resume .*: fingerprints was {"a":"1"}, now it is {"a":"2"}/,
    });
    await (await WorkFolder.open(path, of("1"), true)).remove();
  }));

Deno.test("WorkFolder: without space it names the file, and resumes when there is some", () =>
  inFolder(async (folder) => {
    const path = `${folder}/f.part`;
    await stoppedRun(path);
    await onFullDisk(async () => {
      const work = await resume(path);
      await assert.rejects(work.add(batch(6), stamps), {
        message:
          `cannot write "${path}/0.bin": ENOSPC: no space left on device`,
      });
      await work.close();
    });
    await onFullDisk(() =>
      assert.rejects(WorkFolder.open(`${folder}/g.part`, run, false), {
        message: `cannot write "${folder}/g.part/journal": ENOSPC: no space ` +
          "left on device",
      })
    );
    const work = await resume(path);
    assert.equal(work.table().count, 6);
    await work.remove();
  }));
