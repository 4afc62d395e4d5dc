// stock: no, it tests the command line, not the kernels
/** `layertap summary` and `layertap layers`. */

import assert from "node:assert/strict";
import { createModel, summary } from "../../mod.ts";
import { cliTest, succeed } from "./support.ts";

cliTest("summary: the tables", async () => {
  const { mlnet, resnet50 } = {
    mlnet: summary("mlnet_resnet18", [3, 224, 224]),
    resnet50: summary("resnet50", [3, 96, 160], { style: "torchinfo" }),
  };
  assert.equal(await succeed("summary"), `${mlnet}\n`);
  assert.equal(
    await succeed(
      ...["summary", "--arch", "resnet50", "--input", "3,96,160"],
      ...["--style", "torchinfo"],
    ),
    `${resnet50}\n`,
  );
  const cut = await succeed(
    ...["summary", "--arch", "resnet50", "--layer", "layer4"],
  );
  assert.match(cut, /^Total params: 23,508,032$/m);
  assert.match(cut, /^Params size \(MB\): 89\.68$/m);
});

cliTest("layers: every node with its shape", async () => {
  const lines = (await succeed("layers")).trimEnd().split("\n");
  using model = await createModel("mlnet_resnet18");
  const listed = lines.map((line) => line.split(/ {2,}/));
  assert.deepEqual(listed.map(([name]) => name), [...model.nodes().keys()]);
  const shapes = new Map(listed.map(([name, shape]) => [name, shape]));
  assert.equal(shapes.get("conv1"), "[-1, 64, 112, 112]");
  assert.equal(shapes.get("layer4.2.add"), "[-1, 512, 7, 7]");
  assert.equal(shapes.get("flatten"), "[-1, 512]");
  const columns = new Set(lines.map((line) => line.indexOf("[")));
  assert.equal(columns.size, 1, "the shapes are aligned");

  const args = ["layers", "--arch", "resnet50", "--input", "3,64,96"];
  assert.match(
    await succeed(...args),
    /^layer1\.0\.add +\[-1, 256, 16, 24\]$/m,
  );
});
