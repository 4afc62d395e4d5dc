// stock: no, it tests the command line, not the kernels
/** The command line's help and its usage errors. Files are written below `out/test`. */

import assert from "node:assert/strict";
import denoJson from "../../deno.json" with { type: "json" };
import { chelsea, cliTest, fail, rocket, succeed } from "./support.ts";

cliTest("--help, --version", async () => {
  const program = await succeed("--help");
  assert.equal(await succeed("-h"), program);
  const commands = [...program.matchAll(/^ {2}(\w+(?: \w+)?) {2,}\w/gm)]
    .map(([, name]) => name);
  assert.equal(commands.length, 17);
  for (const name of commands) {
    const words = name.split(" ");
    const text = await succeed(...words, "--help");
    assert.equal(await succeed(...words, "-h", "--nonsense"), text);
    assert.match(text, new RegExp(`^Usage: layertap ${name} `, "m"));
    assert.match(text, new RegExp(`^Example: layertap ${name}`, "m"));
    assert.match(text, /^ {2}--\w+/m);
    assert(text.split("\n").every((line) => line.length <= 80), text);
  }
  assert.equal(
    await succeed("--version"),
    `layertap ${denoJson.version}\n`,
  );
});

cliTest("bad usage: exit status 2", async (folder) => {
  const out = ["--out", `${folder}/f.npz`];
  const layer = ["--layer", "layer1"];
  const cases: [args: string[], message: string | RegExp][] = [
    [[], "a command is missing (see layertap --help)"],
    [
      ["extrct", chelsea],
      "unknown command extrct; did you mean extract? (see layertap --help)",
    ],
    [
      ["--verison"],
      "unknown option --verison; did you mean --version? (see layertap --help)",
    ],
    [
      ["extract", chelsea, "--layers=layer1", ...out],
      "unknown option --layers; did you mean --layer? (see layertap extract --help)",
    ],
    [
      ["classify", chelsea, "-t", "3"],
      "unknown option -t; did you mean --top? (see layertap classify --help)",
    ],
    [
      ["extract", chelsea, ...layer, "--out"],
      "--out needs a value: --out FILE (see layertap extract --help)",
    ],
    [
      ["classify", chelsea, "--json=yes"],
      "--json takes no value (see layertap classify --help)",
    ],
    [
      ["extract", chelsea, ...layer],
      "--out is missing (see layertap extract --help)",
    ],
    [
      ["extract", chelsea, ...out],
      "--layer is missing (see layertap extract --help)",
    ],
    [
      ["extract", ...layer, ...out],
      "<picture|folder|glob|-…> is missing (see layertap extract --help)",
    ],
    ...["classify", "similar", "picture", "report"].map((
      command,
    ): [string[], string] => [
      [command],
      `<picture|folder|glob|-…> is missing (see layertap ${command} --help)`,
    ]),
    [
      ["picture", chelsea, rocket, ...layer, "--out", "a.png"],
      '--out: expected a folder for 2 pictures, such as "maps/", got "a.png" (see layertap picture --help)',
    ],
    [
      ["picture", chelsea, rocket, ...layer, "--out", "-"],
      '--out: expected a folder for 2 pictures, such as "maps/", got "-" (see layertap picture --help)',
    ],
    [
      ["picture", chelsea, ...layer, "--out", "a.jpg"],
      '--out: expected a name that ends in .png, or - for stdout, got "a.jpg" (see layertap picture --help)',
    ],
    [
      ["classify", chelsea],
      "classify: this network has no classification head (fc); choose another network, such as --arch resnet50 (see layertap classify --help)",
    ],
    [
      ["report", chelsea, "--out", "x.pdf"],
      '--out: expected a name that ends in .html or .htm, or - for stdout, got "x.pdf" (see layertap report --help)',
    ],
    [
      ["convert", "in.pth", "out.safetensors"],
      '<out>: expected a name that ends in .npz, or - for stdout, got "out.safetensors" (see layertap convert --help)',
    ],
    [
      ["extract", chelsea, ...layer, "--out", "-", "--resume"],
      "--resume works only with a file (see layertap extract --help)",
    ],
    [
      ["extract", chelsea, "--out", ...layer],
      "--out needs a value: --out FILE (see layertap extract --help)",
    ],
    [["convert", "in.pth"], "<out> is missing (see layertap convert --help)"],
    [
      ["convert", "in.pth", "out.npz", "--dtype", "f64"],
      '--dtype: expected "float32", "float16" or "int8", got "f64" (see layertap convert --help)',
    ],
    [
      ["summary", "resnet50"],
      'unexpected argument "resnet50" (see layertap summary --help)',
    ],
    [
      ["layers", "resnet50"],
      'unexpected argument "resnet50" (see layertap layers --help)',
    ],
    [
      ["extract", chelsea, ...layer, ...out, "--layout", "hwc"],
      '--layout: expected "nchw" or "nhwc", got "hwc" (see layertap extract --help)',
    ],
    [
      ["picture", chelsea, ...layer, ...out, "--color-map", "jet"],
      '--color-map: expected "viridis", "inferno", "magma", "gray" or "RdBu_r", got "jet" (see layertap picture --help)',
    ],
    [
      ["summary", "--style", "keras"],
      '--style: expected "torchsummary" or "torchinfo", got "keras" (see layertap summary --help)',
    ],
    ...["224,224", "3,224", "1,28,28", "3,0,224", "3x224x224"].map((
      input,
    ): [string[], string] => [
      ["layers", "--input", input],
      `--input: expected 3,height,width, got "${input}" (see layertap layers --help)`,
    ]),
    ...["0", '"-1"', '"2.5"', '"many"'].map((top): [string[], string] => [
      ["classify", chelsea, `--top=${top.replaceAll('"', "")}`],
      `--top: expected an integer of at least 1, got ${top} (see layertap classify --help)`,
    ]),
    [
      ["extract", chelsea, ...layer, ...out, "--threads", "9"],
      "--threads: expected an integer from 1 to 8, got 9 (see layertap extract --help)",
    ],
    [
      ["serve", "--memory", "tiny"],
      '--memory: expected "fast" or "small", got "tiny" (see layertap serve --help)',
    ],
    [
      ["extract", chelsea, "--layer", "layer1,layer5", ...out],
      '--layer: there is no node "layer5"; did you mean "layer1", "layer2" or "layer3"? "layertap layers" lists all (see layertap extract --help)',
    ],
    [
      ["extract", chelsea, "--layer", "layer1,", ...out],
      /^--layer: there is no node ""; did you mean .* \(see layertap extract --help\)$/,
    ],
    [
      ["layers", "--arch", "resnet51"],
      '--arch: there is no architecture "resnet51"; did you mean "resnet50", "resnet18" or "resnet34"? (see layertap layers --help)',
    ],
  ];
  for (const [args, message] of cases) await fail(args, 2, message);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});

cliTest("a failed job: exit status 1", async (folder) => {
  const out = ["--layer", "layer1", "--out", `${folder}/f.npz`];
  const cases: [args: string[], message: RegExp][] = [
    [
      ["extract", "no.png", ...out],
      /^cannot open "no\.png": there is no such file$/,
    ],
    [
      ["picture", "no.npy", "--layer", "layer1", "--out", `${folder}/f.png`],
      /^cannot open "no\.npy": there is no such/,
    ],
    [
      ["extract", "deno.json", ...out],
      /^cannot decode "deno\.json": it has an unknown format; JPEG, PNG and WebP are supported$/,
    ],
    [
      ["classify", chelsea, "--labels", "no.txt"],
      /^cannot open "no\.txt": there is no such file$/,
    ],
    [
      ["extract", chelsea, ...out, "--weights", "no.pth"],
      /"no\.pth": there is no such file/,
    ],
    [
      ["extract", chelsea, ...out, "--weights", chelsea],
      /^cannot read "examples\/images\/chelsea\.png": it is a PNG picture/,
    ],
    [
      ["extract", chelsea, ...out, "--arch", "resnet50"],
      /^cannot load IMAGENET1K_V1 of resnet50: .* download https:\/\//,
    ],
    [
      [
        "extract",
        chelsea,
        ...out,
        "--arch",
        "resnet50",
        "--weights",
        "IMAGENET1K_V3",
      ],
      /^unknown weights "IMAGENET1K_V3": resnet50 has "IMAGENET1K_V1", /,
    ],
  ];
  for (const [args, message] of cases) await fail(args, 1, message);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});

/** Starts the program in a process without permissions. */
function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command("deno", {
    args: ["run", "--no-prompt", "--no-check", "src/cli/mod.ts", ...args],
    cwd: new URL("../..", import.meta.url),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("a process: exit status, and silence if the reader leaves", async () => {
  const bad = await start("sumary").output();
  assert.equal(bad.code, 2);
  assert.match(
    new TextDecoder().decode(bad.stderr),
    /^layertap: unknown command sumary; did you mean summary\? \(.*\n$/,
  );

  const child = start("layers", "--arch", "resnet152");
  await child.stdout.cancel();
  assert.equal(await new Response(child.stderr).text(), "");
  assert.equal((await child.status).code, 0);
});
