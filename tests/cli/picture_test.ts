// stock: no, it tests the command line, not the kernels
/** The commands `picture` and `report`. Files are written below `out/test`. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  createModel,
  decodeImage,
  encodePng,
  type ResNet,
  type Tensor,
  type Tensor4D,
  toNCHW,
  unprocess,
} from "../../mod.ts";
import { featureMapGrid, figure } from "../../src/maps/mod.ts";
import { classActivationMap } from "../../src/maps/class_activation_map.ts";
import { encodeNpy } from "../../src/formats/npy.ts";
import { gradCam, gradCamPlusPlus } from "../../src/maps/grad_cam.ts";
import { occlusionMap } from "../../src/maps/occlusion.ts";
import { overlayMap } from "../../src/maps/overlay.ts";
import { report } from "../../src/maps/report.ts";
import { similarityMap } from "../../src/maps/similarity_map.ts";
import { chelsea, cliTest, fail, rocket, run, succeed } from "./support.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { writePth } from "../weights/pth_writer.ts";

/** Draws a picture: the channel or class that it prints, and the drawing. */
async function drawn(folder: string, ...args: string[]) {
  const out = `${folder}/f.png`;
  const line = await succeed("picture", chelsea, "--out", out, ...args);
  const [, text] = /^.*\/f\.png: \d+ x \d+(?:, (.*))?\n$/.exec(line)!;
  return { text: text ?? "", picture: await decodeImage(out) };
}

/** Lays a map over the photo. */
async function over({ preset }: ResNet, map: Tensor) {
  const picture = await overlayMap(await decodeImage(chelsea), map, { preset });
  map.dispose();
  return picture;
}

cliTest("picture: the same drawing as featureMapGrid", async (folder) => {
  const out = `${folder}/maps.png`;
  const picture = ["picture", chelsea, "--layer", "layer2", "--out", out];
  await succeed(...picture, "--maps", "10", "--color-map", "magma");
  using model = await createModel("mlnet_resnet18", "layer2", true);
  const input = model.preprocess(await decodeImage(chelsea));
  const maps = model.forward(input);
  const want = await featureMapGrid(maps, { maps: 10, colorMap: "magma" });
  assert.deepEqual(await decodeImage(out), want);
  await succeed(...picture);
  assert.deepEqual(
    await Deno.readFile(out),
    await encodePng(await featureMapGrid(maps)),
  );

  await fail(
    [...picture, "--maps", "129"],
    1,
    "maps: expected an integer from 1 to 128, got 129",
  );
  await fail(
    ["picture", chelsea, "--layer", "flatten", "--out", out],
    1,
    'node "flatten": expected a value [N, H, W, C], got [1, 512]; choose a node with height and width',
  );
});

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
  const { layer1, flatten } = model.extract(input, ["layer1", "flatten"]);
  const strongestIn = async (values: Tensor) => {
    const [channel] = await tf.argMax(values, 1).data();
    assert(channel > 0);
    return { channel, text: `channel ${channel}` };
  };
  const mapOf = (channel: number) => tf.gather(layer1, channel, 3);

  // Shallow layers, for the command loads the network up to them.
  const overlay = ["--kind", "overlay", "--layer", "layer1"];
  const strongest = await strongestIn(tf.mean(layer1, [1, 2]));
  assert.deepEqual(await drawn(folder, ...overlay), {
    text: strongest.text,
    picture: await over(model, mapOf(strongest.channel)),
  });
  assert.deepEqual(await drawn(folder, ...overlay, "--channel", "17"), {
    text: "channel 17",
    picture: await over(model, mapOf(17)),
  });

  const similar = ["--kind", "similar", "--layer", "layer1"];
  assert.deepEqual(await drawn(folder, ...similar), {
    text: "",
    picture: await over(model, similarityMap(model, input, "layer1")),
  });
  assert.deepEqual(await drawn(folder, ...similar, "--at", "55,0"), {
    text: "",
    picture: await over(model, similarityMap(model, input, "layer1", [55, 0])),
  });

  const gradcam = ["--kind", "gradcam", "--layer", "layer3"];
  const likeliest = await strongestIn(flatten);
  assert.deepEqual(await drawn(folder, ...gradcam), {
    text: likeliest.text,
    picture: await over(
      model,
      gradCam(model, input, "layer3", likeliest.channel),
    ),
  });
  const last = ["--kind", "gradcam", "--layer", "layer4", "--channel", "5"];
  assert.deepEqual(await drawn(folder, ...last), {
    text: "channel 5",
    picture: await over(model, gradCam(model, input, "layer4", 5)),
  });

  const occlusion = ["--kind", "occlusion", "--size", "80", "--stride", "56"];
  const bar = await run(
    ["picture", chelsea, "--out", `${folder}/f.png`, ...occlusion],
    true,
  );
  assert.equal(bar.status, 0);
  assert.equal(bar.stdout, `${folder}/f.png: 451 x 300\n`);
  assert.match(bar.stderr, /100 %/);
  assert.deepEqual(
    await decodeImage(`${folder}/f.png`),
    await over(
      model,
      await occlusionMap(model, input, { size: 80, stride: 56 }),
    ),
  );

  await fail(
    [
      "picture",
      chelsea,
      "--out",
      `${folder}/x.png`,
      ...overlay,
      "--channel",
      "64",
    ],
    1,
    "channel: expected an integer from 0 to 63, got 64",
  );
  await fail(
    [
      "picture",
      chelsea,
      "--out",
      `${folder}/x.png`,
      ...similar,
      "--at",
      "56,0",
    ],
    1,
    "row: expected an integer from 0 to 55, got 56",
  );
  for (const kind of ["overlay", "gradcam"]) {
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
    2,
    `--out: expected a folder for 2 pictures, such as "maps/", got "${folder}/x.png" (see layertap picture --help)`,
  );
});

cliTest("picture, report: a network with a head", async (folder) => {
  const weights = `${folder}/resnet18.pth`;
  await writePth(formulaCheckpoint("resnet18"), weights);
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
  assert.match(text, new RegExp(`^class ${best}: \\w.*$`));
  assert.deepEqual(
    cam,
    await over(model, classActivationMap(model, input, best)),
  );
  const named = ["--kind", "cam", "--class", "Egyptian cat"];
  assert.deepEqual(await drawn(folder, ...named, ...network), {
    text: "class 285: Egyptian cat",
    picture: await over(model, classActivationMap(model, input, 285)),
  });
  const gradcam = ["--kind", "gradcam", "--layer", "layer4"];
  assert.deepEqual(
    (await drawn(folder, ...gradcam, "--class", "285", ...network)).picture,
    await over(model, gradCam(model, input, "layer4", 285)),
  );
  const occlusion = ["--kind", "occlusion", "--size", "90", "--stride", "75"];
  assert.deepEqual(
    (await drawn(folder, ...occlusion, "--class", "285", ...network)).picture,
    await over(
      model,
      await occlusionMap(model, input, {
        size: 90,
        stride: 75,
        classIndex: 285,
      }),
    ),
  );

  const out = `${folder}/report.html`;
  const said = await succeed("report", chelsea, "--out", out, ...network);
  assert.equal(said, `${out}: ${(await Deno.stat(out)).size} bytes\n`);
  assert.equal(
    await Deno.readTextFile(out),
    (await report(model, picture, { title: "chelsea.png" })).html,
  );
});

cliTest(
  "picture: several pictures and layers in one figure",
  async (folder) => {
    const out = `${folder}/figure.png`;
    const layers = ["layer1", "layer3.0.bn2"];
    const look = ["--width", "85mm", "--dpi", "100", "--font-size", "6"];
    const args = ["--layer", layers.join(), "--original", "--scale", "column"];
    assert.equal(
      await succeed("picture", chelsea, rocket, "--out", out, ...args, ...look),
      `${out}: 335 x 214\n`,
    );
    using model = await createModel("mlnet_resnet18", "layer3", true);
    const strongest = (layer: string) => (input: Tensor4D) => {
      const { [layer]: maps } = model.extract(input, [layer]);
      const [channel] = tf.tidy(() => tf.argMax(tf.mean(maps, [1, 2]), 1))
        .dataSync();
      const map = tf.gather(maps, channel, 3);
      maps.dispose();
      return { map, caption: `channel ${channel}` };
    };
    const pictures = await Promise.all(
      [chelsea, rocket].map((p) => decodeImage(p)),
    );
    const columns = Object.fromEntries(layers.map((l) => [l, strongest(l)]));
    const style = {
      ...{ original: true, scale: "column", width: "85mm", dpi: 100 } as const,
      fontSize: 6,
      titles: ["chelsea.png", "rocket.jpg"],
    };
    const want = await figure(model, pictures, columns, style);
    assert.deepEqual(await decodeImage(out), want);
    const phys = new TextDecoder("latin1").decode(await Deno.readFile(out));
    assert(phys.includes("pHYs\0\0\x0fa\0\0\x0fa\x01"), "no 100 dpi");

    // In a folder, each picture has its own.
    const written = await succeed(
      ...[
        "picture",
        chelsea,
        rocket,
        "--out",
        `${folder}/each/`,
        ...args,
        ...look,
      ],
    );
    assert.equal(
      written.replaceAll(/ \d+ x \d+/g, ""),
      `${folder}/each/chelsea.png:\n${folder}/each/rocket.png:\n`,
    );
    assert.deepEqual(
      await decodeImage(`${folder}/each/rocket.png`),
      await figure(model, pictures[1], columns, {
        ...style,
        titles: undefined,
      }),
    );

    // A batch has no photos: the figure shows what the network sees.
    const input = model.preprocess(pictures[0]);
    const nchw = toNCHW(input);
    const file = `${folder}/one.npy`;
    await Deno.writeFile(
      file,
      encodeNpy(new Float32Array(await nchw.data()), nchw.shape),
    );
    const similar = ["--kind", "similar", "--layer", "layer2", "--fade"];
    await succeed("picture", file, "--out", out, ...similar);
    const map = similarityMap(model, input, "layer2");
    const [crop] = await unprocess(input, model.preset);
    assert.deepEqual(
      await decodeImage(out),
      await overlayMap(crop, map, { fade: true }),
    );
    tf.dispose([input, nchw, map]);

    // One that can't be read doesn't stop the others.
    const { status, stderr } = await run(
      ["picture", "deno.json", chelsea, "--out", out, ...similar],
    );
    assert.equal(status, 1);
    assert.match(stderr, /cannot decode "deno\.json"/);
    const { width } = await decodeImage(out);
    assert.equal(width, 490); // The photo, and its name beside it.
  },
);

cliTest(
  "picture: gradcam++, at a width, over all of the picture",
  async (folder) => {
    using model = await createModel("mlnet_resnet18", null, true);
    const photo = await decodeImage(chelsea);
    const args = ["--layer", "layer3", "--channel", "5", "--no-crop"];
    const look = ["--width", "200", "--alpha", "0.9", "--color-map", "gray"];
    const { text, picture } = await drawn(
      folder,
      ...["--kind", "gradcam++", ...args, ...look, "--color-bar"],
    );
    assert.equal(text, "channel 5");
    assert.deepEqual(
      picture,
      await figure(model, photo, {
        "": (input) => gradCamPlusPlus(model, input, "layer3", 5),
      }, {
        ...{ crop: "none", width: 200, alpha: 0.9, colorMap: "gray" },
        colorBar: true,
      }),
    );
  },
);

cliTest("picture: avgpool's maps share a scale", async (folder) => {
  const layer = ["--layer", "avgpool", "--color-map", "gray"];
  const { picture } = await drawn(folder, ...layer);
  assert(new Set(picture.data).size > 20, "only a few colours");
  const all = await drawn(folder, ...layer, "--scale", "all");
  assert.deepEqual(picture, all.picture);
});
