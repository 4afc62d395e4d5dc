// stock: no, it tests the command line, not the kernels
/** `--region` and `--no-crop`. Files are written below `out/test`. */

import assert from "node:assert/strict";
import { createModel, decodeImage, encodePng } from "../../mod.ts";
import { report } from "../../src/maps/mod.ts";
import { readNpz } from "../extract/support.ts";
import { closeTo } from "../support/close.ts";
import { chelsea, cliTest, fail, images, rocket, succeed } from "./support.ts";

const region = [120, 20, 200, 180] as const;
const part = ["--region", region.join()];

cliTest(
  "--region: the part of each picture, in every command",
  async (folder) => {
    const cut = `${folder}/cut.png`;
    const picture = await decodeImage(chelsea, { region });
    await Deno.writeFile(cut, await encodePng(picture));

    const extract = ["extract", "--layer", "layer2", "--pool", "avg"];
    const [a, b] = [`${folder}/a.npz`, `${folder}/b.npz`];
    await succeed(...extract, chelsea, ...part, "--out", a);
    await succeed(...extract, cut, "--out", b);
    const [got, want] = await Promise.all(
      [a, b].map(async (file) =>
        readNpz(await Deno.readFile(file)).arrays.get("layer2")!
      ),
    );
    assert.deepEqual(got, want);
    assert(want.data.some((value) => value > 0.1));

    // A query is read as the file's pictures were.
    const similar = ["similar", "--in", a, "--json"];
    const best = (text: string) => JSON.parse(text)[0].similar[0].score;
    assert(best(await succeed(...similar, chelsea)) > 0.99999);
    const other = ["--region", "0,0,300,300"];
    assert(best(await succeed(...similar, chelsea, ...other)) < 0.99);

    const draw = ["picture", "--layer", "layer1", "--channels", "7"];
    await succeed(...draw, chelsea, ...part, "--out", `${folder}/a.png`);
    await succeed(...draw, cut, "--out", `${folder}/b.png`);
    assert.deepEqual(
      await decodeImage(`${folder}/a.png`),
      await decodeImage(`${folder}/b.png`),
    );
  },
);

cliTest("--no-crop: the whole picture, whatever its aspect", async (folder) => {
  const out = `${folder}/f.npz`;
  const extract = ["extract", rocket, "--no-crop", "--layer", "layer4,flatten"];
  await succeed(...extract, "--out", out);
  const { arrays } = readNpz(await Deno.readFile(out));
  assert.deepEqual(arrays.get("layer4")!.shape, [1, 512, 8, 12]); // 383x256
  using model = await createModel("mlnet_resnet18", null, true);
  const photo = await decodeImage(rocket);
  const input = model.preprocess(photo, { crop: "none" });
  const { flatten } = model.extract(input, ["flatten"]);
  closeTo(arrays.get("flatten")!.data, await flatten.data<"float32">());
  input.dispose();
  flatten.dispose();

  const page = `${folder}/r.html`;
  await succeed("report", rocket, "--no-crop", "--out", page);
  const html = await Deno.readTextFile(page);
  assert.match(html, /What the network sees: all of it, 383 × 256 pixels\./);
  assert.equal(
    html,
    (await report(model, photo, { title: "rocket.jpg", crop: "none" })).html,
  );

  // Pooled vectors of pictures of any aspect have one shape; maps don't.
  const both = ["extract", ...images, "--no-crop", "--layer", "layer3"];
  await succeed(...both, "--pool", "avg", "--out", out);
  await fail(
    [...both, "--out", out],
    1,
    /^cannot stack "layer3" of ".*astronaut.png": expected \[256, 16, 24\]/,
  );
});

cliTest("--region: what it refuses", async (folder) => {
  const out = ["--out", `${folder}/f.npz`];
  const extract = ["extract", chelsea, "--layer", "layer1", ...out];
  await fail(
    [...extract, "--region", "1,2,3"],
    2,
    /^--region: expected x, y, width and height such as 40,0,300,300, got "1,2,3"/,
  );
  await fail(
    [...extract, "--draft", ...part],
    2,
    /^--draft and --region exclude each other/,
  );
  await fail(
    [...extract, "--region", "0,0,452,1"],
    1,
    /within 451x300 pixels, got \[0, 0, 452, 1\]/,
  );
});
