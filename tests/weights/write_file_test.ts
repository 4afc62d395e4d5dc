// Needs --allow-read and --allow-write for the folder of temporary files.
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { writeFile } from "../../src/weights/write_file.ts";
import { onFullDisk } from "../support/full_disk.ts";

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}

function streamOf(chunks: Uint8Array[], error?: Error) {
  const rest = chunks.values();
  const state = { cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = rest.next();
      if (!done) controller.enqueue(value);
      else if (error) controller.error(error);
      else controller.close();
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { stream, state };
}

Deno.test("writeFile writes bytes and streams, and leaves nothing else", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.bin");
    await writeFile(path, new Uint8Array([1, 2, 3]));
    assert.deepEqual([...await fs.readFile(path)], [1, 2, 3]);
    const chunks = [4, 5, 6].map((n) => new Uint8Array(100_000).fill(n));
    await writeFile(path, streamOf(chunks).stream);
    const bytes = await fs.readFile(path);
    assert.equal(bytes.length, 300_000);
    assert.deepEqual([bytes[0], bytes[150_000], bytes[299_999]], [4, 5, 6]);
    assert.deepEqual(await fs.readdir(folder), ["a.bin"]);
  }));

Deno.test("writeFile keeps what was there if the stream fails", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.bin");
    await writeFile(path, new Uint8Array([1, 2, 3]));
    const failure = new RangeError("no more pictures");
    const { stream } = streamOf([new Uint8Array(1000)], failure);
    await assert.rejects(writeFile(path, stream), failure);
    assert.deepEqual([...await fs.readFile(path)], [1, 2, 3]);
    assert.deepEqual(await fs.readdir(folder), ["a.bin"]);
  }));

Deno.test("writeFile names the path that it can't write", () =>
  inFolder(async (folder) => {
    const path = join(folder, "missing", "a.bin");
    const { stream, state } = streamOf([new Uint8Array(1)]);
    await assert.rejects(writeFile(path, stream), {
      name: "Error",
      message: `cannot write "${path}": ENOENT: no such file or directory`,
    });
    assert.ok(state.cancelled);
    await assert.rejects(writeFile(folder, new Uint8Array(1)), {
      name: "Error",
      message:
        `cannot write "${folder}": EISDIR: illegal operation on a directory`,
    });
  }));

Deno.test("writeFile keeps the permissions of a file that it replaces", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.bin");
    for (const mode of [0o600, 0o640, 0o444, 0o666, 0o755]) {
      await fs.rm(path, { force: true });
      await fs.writeFile(path, "old");
      await fs.chmod(path, mode);
      await writeFile(path, new Uint8Array([1, 2, 3]));
      assert.equal((await fs.stat(path)).mode & 0o777, mode);
      assert.equal((await fs.readFile(path)).length, 3);
    }
    await fs.chmod(path, 0o600);
    await fs.symlink(path, join(folder, "link"));
    await writeFile(join(folder, "link"), new Uint8Array(4));
    assert.equal((await fs.stat(path)).mode & 0o777, 0o600);
    assert.equal((await fs.stat(path)).size, 4);
  }));

Deno.test("writeFile names the file that has no space", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.bin");
    await fs.writeFile(path, "old");
    await onFullDisk(() =>
      assert.rejects(writeFile(path, new Uint8Array(1)), {
        message: `cannot write "${path}": ENOSPC: no space left on device`,
      })
    );
    assert.equal(await fs.readFile(path, "utf8"), "old");
    assert.deepEqual(await fs.readdir(folder), ["a.bin"]);
  }));
