// stock: no, it tests the command line, not the kernels
/** The network of `--weights` without `--arch`, in every command. */

import assert from "node:assert/strict";
import { convertWeights } from "../../src/weights/mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "../weights/pth_writer.ts";
import { chelsea, cliTest, fail, succeed } from "./support.ts";

cliTest(
  "--weights without --arch: every command finds the network",
  async (folder) => {
    const weights = `${folder}/weights.pth`;
    await writePth(formulaCheckpoint("resnet18"), weights);
    const given = ["--weights", weights];
    const named = [...given, "--arch", "resnet18"];

    const json = ["classify", chelsea, "--json"];
    assert.equal(
      await succeed(...json, ...given),
      await succeed(...json, ...named),
    );
    const file = `${folder}/f.parquet`;
    await succeed(
      ...["extract", chelsea, "--layer", "layer4", "--out", file, ...given],
    );
    const similar = ["similar", chelsea, "--in", file, ...given];
    assert.match(await succeed(...similar), /^ +1\.0000 /m);
    for (const [command, ending] of [["report", "html"], ["picture", "png"]]) {
      const out = `${folder}/out.${ending}`;
      const layer = command === "picture" ? ["--layer", "layer4"] : [];
      await succeed(command, chelsea, "--out", out, ...layer, ...given);
      await Deno.remove(out);
    }
    for (const command of ["layers", "summary", "plan"]) {
      assert.equal(
        await succeed(command, ...given),
        await succeed(command, "--arch", "resnet18"),
      );
    }

    const layer =
      `there is no node "layer5"; did you mean "layer1", "layer2" or "layer3"? "layertap layers" lists all`;
    for (const command of ["summary", "plan"]) {
      await fail(
        [command, "--layer", "layer5", ...given],
        2,
        `--layer: ${layer} (see layertap ${command} --help)`,
      );
    }
    await fail(
      ["extract", chelsea, "--layer", "layer5", "--out", file, ...given],
      2,
      `--layer: ${layer} (see layertap extract --help)`,
    );
    await fail(
      ["summary", ...named],
      2,
      "choose --arch or --weights, not both (see layertap summary --help)",
    );
    await fail(
      ["classify", chelsea, "--weights", "IMAGENET1K_V2"],
      1,
      'unknown weights "IMAGENET1K_V2": this name exists for several architectures; pass --arch, a path or a URL',
    );
    await fail(
      ["layers", "--weights", chelsea],
      1,
      /^cannot read "examples\/images\/chelsea\.png": it is a PNG picture/,
    );
  },
);

cliTest("--weights without --arch: the front of a network", async (folder) => {
  const weights = `${folder}/front.npz`;
  const packed = await convertWeights("weights/mlnet_resnet18.npz", {
    dtype: "float16",
    outputLayer: "layer2",
  });
  await Deno.writeFile(weights, packed);
  const out = ["--layer", "layer2", "--out", `${folder}/f.npy`];
  await succeed("extract", chelsea, ...out, "--weights", weights);
  assert.match(
    await succeed("layers", "--weights", weights),
    /^layer2\.1\.relu_1 +\[-1, 128, 28, 28\]$/m,
  );
});
