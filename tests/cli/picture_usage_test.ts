// stock: no, it tests the command line, not the kernels
/** Wrong command lines of `layertap picture` and `report`. */

import assert from "node:assert/strict";
import { chelsea, cliTest, fail, succeed } from "./support.ts";

cliTest("picture, report: bad usage", async (folder) => {
  const out = ["--out", `${folder}/f.png`];
  const cases: [args: string[], message: string][] = [
    [["--layer", "layer4"], "--out is missing"],
    [[...out], "--layer is missing"],
    [[...out, "--kind", "similar"], "--layer is missing"],
    [
      [...out, "--kind", "heat"],
      '--kind: expected "grid", "overlay", "cam", "gradcam", "gradcam++", "occlusion" or "similar", got "heat"',
    ],
    [
      [...out, "--kind", "cam", "--layer", "layer4"],
      "--layer works only with --kind grid, overlay, gradcam, gradcam++, similar",
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
      '--scale: expected "each", "row", "column" or "all", got "none"',
    ],
    [
      [...out, "--layer", "layer4", "--scale", "row"],
      "--scale row doesn't fit --kind grid",
    ],
    [
      [...out, "--layer", "layer3,layer4", "--kind", "grid"],
      "--kind grid draws one layer; leave out --kind",
    ],
    [
      [...out, "--layer", "layer4", "--width", "85mm"],
      "--width works only with --kind overlay, cam, gradcam, gradcam++, occlusion, similar",
    ],
    ...["0", "8.5", "mm", "-4mm", "85cm"].map((width): [string[], string] => [
      [...out, "--layer", "layer3,layer4", `--width=${width}`],
      `--width: expected pixels, or millimetres such as "85mm", got ${
        width === "0" ? 0 : `"${width}"`
      }`,
    ]),
    ...["2", "-1", "half", "1e-1"].map((alpha): [string[], string] => [
      [...out, "--layer", "layer3,layer4", `--alpha=${alpha}`],
      `--alpha: expected a number from 0 to 1, got ${alpha}`,
    ]),
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
      "--kind cam: this network has no classification head (fc); choose another network, such as --arch resnet50",
    ],
    [
      [...out, "--kind", "occlusion", "--class", "3"],
      "--class: this network has no classification head (fc); choose another network, such as --arch resnet50",
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
    /^Usage: layertap report <picture\|folder\|glob\|-…> --out FILE \[options\]$/m,
  );
  assert(text.split("\n").every((line) => line.length <= 80), text);
});
