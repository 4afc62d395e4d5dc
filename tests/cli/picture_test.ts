/** The commands `picture` and `report`. Files are written below `out/test`. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  createModel,
  decodeImage,
  type ResNet,
  type Tensor,
  type Tensor4D,
  toNCHW,
  unprocess,
} from "../../mod.ts";
import { featureMapGrid } from "../../src/maps/mod.ts";
import { classActivationMap } from "../../src/maps/class_activation_map.ts";
import { encodeNpy } from "../../src/formats/npy.ts";
import { gradCam } from "../../src/maps/grad_cam.ts";
import { occlusionMap } from "../../src/maps/occlusion.ts";
import { overlayMap } from "../../src/maps/overlay.ts";
import { report } from "../../src/maps/report.ts";
import { similarityMap } from "../../src/maps/similarity_map.ts";
import { writePacked } from "../../src/weights/pack.ts";
import { chelsea, cliTest, fail, run, succeed } from "./support.ts";
import { formulaCheckpoint } from "../support/formula.ts";

/** Draws a picture: what it prints, and the drawing. */
async function drawn(folder: string, ...args: string[]) {
  const out = `${folder}/f.png`;
  const text = await succeed("picture", chelsea, "--out", out, ...args);
  return { text, picture: await decodeImage(out) };
}

/** Lays a map over the crop. */
async function over(model: ResNet, input: Tensor4D, map: Tensor) {
  const [crop] = await unprocess(input, model.preset);
  const picture = await overlayMap(crop, map);
  map.dispose();
  return picture;
}

cliTest("picture: chosen maps with labels and a bar", async (folder) => {
  using model = await createModel("mlnet_resnet18", "layer3", true);
  const maps = model.forward(model.preprocess(await decodeImage(chelsea)));
  const layer = ["--layer", "layer3"];
  const strongest = ["--strongest", "24", "--scale", "all"];
  const decorated = ["--labels", "--color-bar", "--color-map", "gray"];
  assert.deepEqual(
    (await drawn(folder, ...layer, ...strongest, ...decorated)).picture,
    await featureMapGrid(maps, {
      strongest: 24,
      scale: "all",
      labels: true,
      colorBar: true,
      colorMap: "gray",
    }),
  );
  assert.deepEqual(
    (await drawn(folder, ...layer, "--channels", "3,17,200")).picture,
    await featureMapGrid(maps, { channels: [3, 17, 200] }),
  );
});

cliTest("picture: maps over the picture, without a head", async (folder) => {
  using model = await createModel("mlnet_resnet18", null, true);
  const input = model.preprocess(await decodeImage(chelsea));
  const { layer4, flatten } = model.extract(input, ["layer4", "flatten"]);
  const strongest = (await tf.argMax(flatten, 1).data())[0];
  assert(strongest > 0);
  const mapOf = (channel: number) => tf.gather(layer4, channel, 3);
  const told = `channel ${strongest}\n`;

  const overlay = ["--kind", "overlay", "--layer", "layer4"];
  assert.deepEqual(await drawn(folder, ...overlay), {
    text: told,
    picture: await over(model, input, mapOf(strongest)),
  });
  assert.deepEqual(await drawn(folder, ...overlay, "--channel", "17"), {
    text: "",
    picture: await over(model, input, mapOf(17)),
  });

  const similar = ["--kind", "similar", "--layer", "layer3"];
  assert.deepEqual(await drawn(folder, ...similar), {
    text: "",
    picture: await over(model, input, similarityMap(model, input, "layer3")),
  });
  assert.deepEqual(await drawn(folder, ...similar, "--at", "13,0"), {
    text: "",
    picture: await over(
      model,
      input,
      similarityMap(model, input, "layer3", [13, 0]),
    ),
  });

  const gradcam = ["--kind", "gradcam", "--layer", "layer3"];
  assert.deepEqual(await drawn(folder, ...gradcam), {
    text: told,
    picture: await over(
      model,
      input,
      gradCam(model, input, "layer3", strongest),
    ),
  });
  assert.deepEqual(await drawn(folder, ...gradcam, "--channel", "5"), {
    text: "",
    picture: await over(model, input, gradCam(model, input, "layer3", 5)),
  });

  const occlusion = ["--kind", "occlusion", "--size", "80", "--stride", "56"];
  assert.deepEqual(await drawn(folder, ...occlusion), {
    text: "",
    picture: await over(
      model,
      input,
      await occlusionMap(model, input, { size: 80, stride: 56 }),
    ),
  });
  const bar = await run(
    ["picture", chelsea, "--out", `${folder}/f.png`, ...occlusion],
    true,
  );
  assert.equal(bar.status, 0);
  assert.match(bar.stderr, /100 %/);

  await fail(
    [
      "picture",
      chelsea,
      "--out",
      `${folder}/x.png`,
      ...overlay,
      "--channel",
      "512",
    ],
    1,
    "channel: expected an integer from 0 to 511, got 512",
  );
  await fail(
    [
      "picture",
      chelsea,
      "--out",
      `${folder}/x.png`,
      ...similar,
      "--at",
      "14,0",
    ],
    1,
    "row: expected an integer from 0 to 13, got 14",
  );
  for (const kind of ["overlay", "similar", "gradcam"]) {
    await fail(
      [
        "picture",
        chelsea,
        "--out",
        `${folder}/x.png`,
        "--layer",
        "flatten",
        "--kind",
        kind,
      ],
      1,
      'node "flatten": expected a value [N, H, W, C], got [1, 512]; choose a node with height and width',
    );
  }
  const batch = `${folder}/two.npy`;
  const two = toNCHW(tf.concat([input, input]));
  await Deno.writeFile(
    batch,
    encodeNpy(new Float32Array(await two.data()), two.shape),
  );
  await fail(
    ["picture", batch, "--out", `${folder}/x.png`, "--layer", "layer1"],
    1,
    `cannot draw "${batch}": it holds 2 pictures, not one`,
  );
});

cliTest("picture, report: a network with a head", async (folder) => {
  const weights = `${folder}/resnet18.npz`;
  const checkpoint = formulaCheckpoint("resnet18");
  await Deno.writeFile(
    weights,
    await writePacked(checkpoint, { dtype: "int8" }),
  );
  const network = ["--arch", "resnet18", "--weights", weights];
  using model = await createModel("resnet18", null, weights);
  const picture = await decodeImage(chelsea);
  const input = model.preprocess(picture);
  const best = (await tf.argMax(model.forward(input), 1).data())[0];
  assert(best > 0);

  const { text, picture: cam } = await drawn(
    folder,
    "--kind",
    "cam",
    ...network,
  );
  assert.match(text, new RegExp(`^class ${best}: \\w.*\n$`));
  assert.deepEqual(
    cam,
    await over(model, input, classActivationMap(model, input, best)),
  );
  for (const name of ["285", "Egyptian cat"]) {
    assert.deepEqual(
      await drawn(folder, "--kind", "cam", "--class", name, ...network),
      {
        text: "",
        picture: await over(
          model,
          input,
          classActivationMap(model, input, 285),
        ),
      },
    );
  }
  const gradcam = ["--kind", "gradcam", "--layer", "layer2"];
  assert.deepEqual(
    (await drawn(folder, ...gradcam, "--class", "285", ...network)).picture,
    await over(model, input, gradCam(model, input, "layer2", 285)),
  );
  const occlusion = ["--kind", "occlusion", "--size", "90", "--stride", "75"];
  assert.deepEqual(
    (await drawn(folder, ...occlusion, "--class", "285", ...network)).picture,
    await over(
      model,
      input,
      await occlusionMap(model, input, {
        size: 90,
        stride: 75,
        classIndex: 285,
      }),
    ),
  );

  const out = `${folder}/report.html`;
  assert.equal(await succeed("report", chelsea, "--out", out, ...network), "");
  assert.equal(
    await Deno.readTextFile(out),
    await report(model, picture, { title: "chelsea.png" }),
  );
});

cliTest("picture, report: bad usage", async (folder) => {
  const out = ["--out", `${folder}/f.png`];
  const cases: [args: string[], message: string][] = [
    [["--layer", "layer4"], "--out is missing"],
    [[...out], "--layer is missing"],
    [[...out, "--kind", "similar"], "--layer is missing"],
    [
      [...out, "--kind", "heat"],
      '--kind: expected "grid", "overlay", "cam", "gradcam", "occlusion" or "similar", got "heat"',
    ],
    [
      [...out, "--kind", "cam", "--layer", "layer4"],
      "--layer works only with --kind grid, overlay, gradcam, similar",
    ],
    [
      [...out, "--layer", "layer4", "--at", "3,3"],
      "--at works only with --kind similar",
    ],
    [
      [...out, "--layer", "layer4", "--kind", "overlay", "--labels"],
      "--labels works only with --kind grid",
    ],
    [
      [...out, "--layer", "layer5", "--kind", "gradcam"],
      '--layer: there is no node "layer5"; did you mean "layer1", "layer2" or "layer3"? "layertap layers" lists all',
    ],
    ...["3", "3,4,5", "a,b", "3,-4", "3;4"].map((at): [string[], string] => [
      [...out, "--layer", "layer4", "--kind", "similar", "--at", at],
      `--at: expected a row and a column such as 3,4, got "${at}"`,
    ]),
    [
      [...out, "--layer", "layer4", "--channels", "3,"],
      '--channels: expected integers such as 3,17,200, got "3,"',
    ],
    [
      [...out, "--layer", "layer4", "--kind", "overlay", "--channel", "3,4"],
      '--channel: expected an integer of at least 0, got "3,4"',
    ],
    [
      [...out, "--layer", "layer4", "--strongest", "0"],
      "--strongest: expected an integer of at least 1, got 0",
    ],
    [
      [...out, "--layer", "layer4", "--scale", "none"],
      '--scale: expected "each" or "all", got "none"',
    ],
    [
      [...out, "--kind", "occlusion", "--size", "big"],
      '--size: expected an integer of at least 1, got "big"',
    ],
    [
      [...out, "--kind", "occlusion", "--stride", "0"],
      "--stride: expected an integer of at least 1, got 0",
    ],
    [
      [...out, "--kind", "cam"],
      "--kind cam: this network has no classification head (fc); choose another --arch, such as resnet50",
    ],
    [
      [...out, "--kind", "occlusion", "--class", "3"],
      "--class: this network has no classification head (fc); choose another --arch, such as resnet50",
    ],
    [
      [...out, "--kind", "cam", "--arch", "resnet18", "--class", "1000"],
      "--class: expected an integer from 0 to 999, got 1000",
    ],
    [
      [...out, "--kind", "cam", "--arch", "resnet18", "--class", "egyptian ca"],
      '--class: unknown class "egyptian ca"; did you mean "Egyptian cat", "Persian cat" or "echidna"?',
    ],
    [
      [
        ...[...out, "--kind", "gradcam", "--layer", "layer4"],
        ...["--arch", "resnet18", "--class", "3", "--channel", "4"],
      ],
      "choose --class or --channel, not both",
    ],
  ];
  for (const [args, message] of cases) {
    const full = `${message} (see layertap picture --help)`;
    await fail(["picture", chelsea, ...args], 2, full);
  }
  const layer = ["--layer", "layer4", ...out];
  await fail(
    ["picture", chelsea, ...layer, "--maps", "3", "--strongest", "4"],
    1,
    "expected one of maps, strongest and channels, got maps and strongest",
  );
  await fail(
    ["report", chelsea],
    2,
    "--out is missing (see layertap report --help)",
  );
  await fail(
    ["report", "deno.json", "--out", `${folder}/f.html`],
    1,
    /^cannot decode "deno\.json"/,
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});

cliTest("report --help", async () => {
  const text = await succeed("report", "--help");
  assert.match(
    text,
    /^Usage: layertap report <picture> --out FILE \[options\]$/m,
  );
  assert(text.split("\n").every((line) => line.length <= 80), text);
});
