// stock: no, it tests files, not the kernels
/** listFiles. */

import assert from "node:assert/strict";
import { listFiles } from "../../src/extract/list_files.ts";
import { inFolder } from "./support.ts";

const list = (operands: string[], stdin?: AsyncIterable<Uint8Array | string>) =>
  Array.fromAsync(listFiles(operands, stdin));

const paths = [
  ".hidden.png",
  ".hidden/a.png",
  "10.jpg",
  "9.JPEG",
  "a-b.png",
  "a.png",
  "a/b/c.webp",
  "a/b/notes.txt",
  "a/z.png",
  "a0.png",
  "b[1].png",
  "b1.png",
  "empty/notes.txt",
  "x.npy",
];

const inTree = (test: (folder: string) => Promise<void>) =>
  inFolder(async (folder) => {
    for (const path of paths) {
      const parent = `${folder}/${path}`.replace(/\/[^/]*$/, "");
      await Deno.mkdir(parent, { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, "");
    }
    await Deno.symlink("a.png", `${folder}/link.png`);
    await Deno.symlink("nowhere", `${folder}/broken.png`);
    await Deno.symlink(".", `${folder}/loop`);
    await test(folder);
  });

Deno.test("listFiles: the pictures of a folder, as sorted paths", () =>
  inTree(async (folder) => {
    const found = await list([folder]);
    assert.deepEqual(found.map((path) => path.slice(folder.length + 1)), [
      "10.jpg",
      "9.JPEG",
      "a-b.png",
      "a.png",
      "a/b/c.webp",
      "a/z.png",
      "a0.png",
      "b1.png",
      "b[1].png",
      "link.png",
    ]);
    assert.deepEqual(found, found.toSorted());
    assert.deepEqual(await list([`${folder}//`]), found);
    assert.deepEqual(await list([`${folder}/a`]), [
      `${folder}/a/b/c.webp`,
      `${folder}/a/z.png`,
    ]);
  }));

Deno.test("listFiles: globs", () =>
  inTree(async (folder) => {
    const glob = async (pattern: string) =>
      (await list([`${folder}/${pattern}`]))
        .map((path) => path.slice(folder.length + 1));
    assert.deepEqual(await glob("a*.png"), ["a-b.png", "a.png", "a0.png"]);
    assert.deepEqual(await glob("**/*.{webp,txt}"), [
      "a/b/c.webp",
      "a/b/notes.txt",
      "empty/notes.txt",
    ]);
    assert.deepEqual(await glob("?/*.png"), ["a/z.png"]);
    assert.deepEqual(await glob("a/**"), [
      "a/b/c.webp",
      "a/b/notes.txt",
      "a/z.png",
    ]);
    assert.deepEqual(await glob("[0-9]*.jpg"), ["10.jpg"]);
    // A file with that very name comes first.
    assert.deepEqual(await glob("b[1].png"), ["b[1].png"]);
    assert.deepEqual(await list(["examples/images/r*.jpg"]), [
      "examples/images/rocket.jpg",
    ]);
    assert.deepEqual(await list(["./examples/im*/r*.jpg"]), [
      "./examples/images/rocket.jpg",
    ]);
    assert.deepEqual(await list(["d*.json"]), ["deno.json"]);
    await assert.rejects(glob("*.tiff"), {
      name: "RangeError",
      message: `no file matches "${folder}/*.tiff"`,
    });
  }));

Deno.test("listFiles: a list, a path, a URL", async () => {
  async function* stdin() {
    await Promise.resolve();
    const bytes = new TextEncoder().encode("one.png\r\ntwö.png\n\nthr");
    yield bytes.subarray(0, 13); // In the middle of the ö.
    yield bytes.subarray(13);
    yield "ee.png";
  }
  assert.deepEqual(
    await list(["no.png", "-", "https://host/x*.png"], stdin()),
    [
      "no.png",
      "one.png",
      "twö.png",
      "three.png",
      "https://host/x*.png",
    ],
  );
});

Deno.test("listFiles: an empty folder, a missing folder", () =>
  inTree(async (folder) => {
    await assert.rejects(list([`${folder}/empty`]), {
      name: "RangeError",
      message: `no pictures in "${folder}/empty"; ` +
        "their names must end in .jpg, .jpeg, .png or .webp",
    });
    await assert.rejects(list([`${folder}/none/*.png`]), {
      message: /^cannot list ".*none": ENOENT/,
    });
  }));

Deno.test("listFiles: every ending of JPEGs; other formats are counted", () =>
  inFolder(async (folder) => {
    const names = ["a.JFIF", "b.jpe", "c.apng", "d.gif", "e.heif", "f.GIF"];
    for (const name of [...names, "g.txt", "h.json", "i.npy"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    const passedOver = new Map<string, number>();
    const found = await Array.fromAsync(
      listFiles([folder], undefined, { passedOver }),
    );
    assert.deepEqual(
      found.map((path) => path.slice(folder.length + 1)),
      names.slice(0, 3),
    );
    assert.deepEqual([...passedOver], [["GIF", 2], ["HEIC", 1]]);
  }));
