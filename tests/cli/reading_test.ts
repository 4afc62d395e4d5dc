// stock: no, it tests the command line, not the kernels
/** How commands read pictures: orientation, limits, folders with other formats. */

import assert from "node:assert/strict";
import { decodeNpy } from "../../src/formats/npy.ts";
import { chelsea, cliTest, fail, run, succeed } from "./support.ts";

const turned = "tests/data/image/orientation6.jpg";
const upright = "tests/data/image/orientation1.jpg";

cliTest(
  "--exif-orientation turns pictures in every command",
  async (folder) => {
    const features = async (picture: string, ...options: string[]) => {
      const out = `${folder}/f.npy`;
      const layer = ["--layer", "conv1", "--pool", "avg", "--out", out];
      await succeed("extract", picture, ...layer, ...options);
      return decodeNpy(await Deno.readFile(out), out).data;
    };
    const plain = await features(turned);
    assert.deepEqual(plain, await features(upright));
    assert.notDeepEqual(await features(turned, "--exif-orientation"), plain);

    const drawing = async (...options: string[]) => {
      const out = `${folder}/p.png`;
      await succeed(
        "picture",
        turned,
        "--layer",
        "conv1",
        "--out",
        out,
        ...options,
      );
      return await Deno.readFile(out);
    };
    assert.notDeepEqual(await drawing("--exif-orientation"), await drawing());
  },
);

cliTest("--max-pixels refuses larger pictures", async (folder) => {
  const rest = ["--layer", "conv1", "--out", `${folder}/f.npy`];
  const reason = /: it has 135300 pixels \(451x300\); maxPixels is 9999$/;
  const limit = ["--max-pixels", "9999"];
  await fail(["extract", chelsea, ...rest, ...limit], 1, reason);
  const picture = ["picture", chelsea, ...rest.slice(0, 2)];
  await fail([...picture, "--out", `${folder}/p.png`, ...limit], 1, reason);
  await fail(
    ["extract", chelsea, ...rest, "--max-pixels", "0"],
    2,
    /--max-pixels: expected an integer of at least 1, got 0/,
  );
});

cliTest(
  "extract: a folder's other formats are counted at the end",
  async (folder) => {
    const photos = `${folder}/photos`;
    await Deno.mkdir(`${photos}/sub`, { recursive: true });
    for (
      const name of ["a.gif", "b.GIF", "sub/c.heic", "d.tiff", "notes.txt"]
    ) {
      await Deno.writeTextFile(`${photos}/${name}`, "");
    }
    const args = ["extract", photos, "--layer", "conv1", "--pool", "avg"];
    const out = ["--out", `${folder}/f.npy`];
    await fail(
      [...args, ...out],
      1,
      `no pictures in "${photos}" but 2 GIF, 1 TIFF, 1 HEIC; JPEG, PNG and WebP are supported`,
    );
    await Deno.copyFile(upright, `${photos}/old.jfif`);
    await Deno.copyFile(upright, `${photos}/older.JPE`);
    const { status, stderr } = await run([...args, ...out]);
    assert.equal(status, 0);
    assert.equal(
      stderr,
      "layertap: warning: passed over 2 GIF, 1 TIFF, 1 HEIC; JPEG, PNG and WebP are supported\n",
    );
    const { shape } = decodeNpy(await Deno.readFile(out[1]), out[1]);
    assert.deepEqual(shape, [2, 64]);
  },
);

cliTest(
  "names are paths, and reach no terminal as they are",
  async (folder) => {
    const out = ["--layer", "conv1", "--out", `${folder}/f.npy`];
    for (
      const [name, reason] of [
        ["http://example.org/a.png", /its host is not allowed/],
        ["file:///etc/passwd", /cannot open ".\/file:/],
      ] as const
    ) {
      await fail(
        ["picture", name, ...out.slice(0, 2), "--out", `${folder}/p.png`],
        1,
        reason,
      );
    }
    const { stderr } = await run(["extract", "\x1b[2J\u202e.png", ...out]);
    assert.match(stderr, /"\\u001b\[2J\\u202e.png"/);
    const odd = `${folder}/http:127.0.0.1:9002\\x.png`;
    await Deno.copyFile(chelsea, odd);
    await succeed("extract", odd, ...out);
  },
);
