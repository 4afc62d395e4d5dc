// stock: no, it tests the command line, not the kernels
/** `layertap classify`. */

import assert from "node:assert/strict";
import { classify, createModel, decodeImage, embed } from "../../mod.ts";
import { fitLinear } from "../../src/fit/mod.ts";
import { imagenetCategories } from "../../src/model/imagenet_categories.ts";
import { chelsea, cliTest, fail, images, rocket, succeed } from "./support.ts";
import { tiny } from "../extract/support.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "../weights/pth_writer.ts";

cliTest("classify: a network with a head", async (folder) => {
  const weights = `${folder}/resnet18.pth`;
  await writePth(formulaCheckpoint("resnet18"), weights);
  const network = ["--arch", "resnet18", "--weights", weights];
  using model = await createModel("resnet18", null, weights);
  const pictures = await Promise.all(
    [chelsea, rocket].map((file) => decodeImage(file)),
  );
  const want = await classify(model, pictures, { top: 5 });
  assert.notDeepEqual(want[0], want[1]);

  const text = await succeed(
    ...["classify", chelsea, rocket, "--json"],
    ...network,
  );
  const results = JSON.parse(text);
  assert.deepEqual(results, [
    { image: chelsea, classes: want[0] },
    { image: rocket, classes: want[1] },
  ]);
  assert(imagenetCategories.includes(want[0][0].label));

  const labels = `${folder}/labels.txt`;
  const names = imagenetCategories.map((_, i) => `class ${i}`);
  await Deno.writeTextFile(labels, names.join("\r\n") + "\r\n");
  const table = await succeed(
    ...["classify", rocket, "--top", "2", "--labels", labels],
    ...network,
  );
  const line = ({ label, score }: { label: string; score: number }) => {
    const name = names[imagenetCategories.indexOf(label)];
    return `${(100 * score).toFixed(2).padStart(7)} %  ${name}\n`;
  };
  assert.equal(
    table,
    `${rocket}\n${line(want[1][0])}${line(want[1][1])}`,
  );

  await Deno.writeTextFile(labels, "cat\ndog\n");
  await fail(
    ["classify", rocket, "--labels", labels, ...network],
    1,
    "2 labels but 1000 classes; the counts must match",
  );
});

cliTest(
  "classify: a network with a fitted head, from one file",
  async (folder) => {
    const saved = `${folder}/fitted.npz`;
    const weights = formulaCheckpoint(tiny);
    using network = await createModel(tiny, "flatten", weights);
    const features = embed(
      network,
      await Promise.all(images.map((image) => decodeImage(image))),
    );
    const head = await fitLinear(features, [0, 1, 2, 3], { kind: "ridge" });
    features.dispose();
    const labels = ["cat", "rocket", "coffee", "astronaut"];
    using fitted = network.withHead({ ...head, labels });
    await fitted.save(saved, { dtype: "int8" });
    const likeliest = async (weights: string, ...options: string[]) => {
      const args = ["classify", ...images, "--weights", weights, ...options];
      const text = await succeed(...args, "--top", "1", "--json");
      return JSON.parse(text).map((
        { classes }: { classes: { label: string }[] },
      ) => classes[0].label);
    };
    assert.deepEqual(await likeliest(saved), labels);
    // Its names survive a conversion, and can be replaced.
    const converted = `${folder}/converted.npz`, names = `${folder}/names.txt`;
    await succeed("convert", saved, converted, "--dtype", "float16");
    assert.deepEqual(await likeliest(converted), labels);
    await Deno.writeTextFile(names, "Katze\nRakete\nKaffee\nAstronautin\n");
    const own = ["Katze", "Rakete", "Kaffee", "Astronautin"];
    assert.deepEqual(await likeliest(saved, "--labels", names), own);
    await succeed("convert", saved, converted, "--labels", names);
    assert.deepEqual(await likeliest(converted), own);
    await Deno.writeTextFile(names, "one\ntwo\n");
    await fail(
      ["convert", saved, converted, "--labels", names],
      1,
      "2 labels but 4 classes; the counts must match",
    );

    const cam = ["picture", rocket, "--weights", saved, "--kind", "cam"];
    const said = await succeed(...cam, "--out", `${folder}/cam.png`);
    assert.equal(said, `${folder}/cam.png: 640 x 427, class 1: rocket\n`);
    await fail(
      [...cam, "--class", "rockt", "--out", `${folder}/cam.png`],
      2,
      /^--class: unknown class "rockt"; did you mean "rocket"/,
    );
  },
);
