// stock: no, it tests files, not the kernels
/** Packing weights from any source: `convertWeights`, `measureLoss`, `layertap convert`, all 17. */

import assert from "node:assert/strict";
import { convertAll } from "../../scripts/convert_all.ts";
import { imagenetPreset } from "../../src/arch/preset.ts";
import { type ArchRow, archTable } from "../../src/arch/table.ts";
import { convertWeights } from "../../src/weights/convert.ts";
import { createModel } from "../../src/model/create_model.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { measureLoss } from "../../src/model/measure_loss.ts";
import type { Checkpoint } from "../../src/weights/checkpoint.ts";
import { guessArch } from "../../src/weights/guess_arch.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { writePacked } from "../../src/weights/pack.ts";
import { weightsTable } from "../../src/weights/table.ts";
import { chelsea, cliTest, fail, rocket, succeed } from "../cli/support.ts";
import { formulaCheckpoint } from "../support/formula.ts";

const small: ArchRow = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
  numClasses: 5,
};
const shipped = "weights/mlnet_resnet18.npz";

/** A state dict under other names: with a prefix, in another order, among other tensors. */
function wrapped(row: ArchRow): Checkpoint {
  const inner = formulaCheckpoint(row);
  const prefix = "module.";
  return {
    source: "folder/wrapped.pth",
    tensors: new Map([
      ["optimizer.step", { shape: [1], dtype: "float32" }],
      ...[...inner.tensors].map(([name, info]) =>
        [prefix + name, info] as const
      ).reverse(),
    ]),
    read: (name) => inner.read(name.slice(prefix.length)),
    close() {},
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("guessArch knows every network of the table by its tensors", () => {
  for (const row of archTable.values()) {
    const { name, numClasses } = guessArch(formulaCheckpoint(row));
    assert.equal(name, row.name);
    assert.equal(numClasses, row.numClasses ?? 1000);
  }
});

Deno.test("guessArch: other heads and inputs, custom networks, fronts of networks", () => {
  const tuned = guessArch(
    formulaCheckpoint({
      ...archTable.get("wide_resnet50_2")!,
      numClasses: 7,
      inChannels: 1,
    }),
  );
  assert.equal(tuned.name, "wide_resnet50_2");
  assert.equal(tuned.numClasses, 7);
  assert.equal(tuned.inChannels, 1);

  assert.deepEqual(guessArch(formulaCheckpoint(small)), {
    name: "ResNet(BasicBlock, [1,1,1,1])",
    block: "BasicBlock",
    layers: [1, 1, 1, 1],
    groups: 1,
    widthPerGroup: 64,
    numClasses: 5,
    inChannels: 3,
  });

  const front = formulaCheckpoint("resnet50");
  for (const name of front.tensors.keys()) {
    if (/^(layer[34]|fc)\./.test(name)) front.tensors.delete(name);
  }
  assert.throws(() => guessArch(front), {
    name: "RangeError",
    message:
      'cannot guess the architecture of "formula": it ends before layer4; name the architecture',
  });
  const metadata = { arch: "resnet101" };
  assert.equal(guessArch({ ...front, metadata }).name, "resnet101");

  assert.throws(() => guessArch({ ...front, tensors: new Map() }), {
    name: "RangeError",
    message:
      /^no ResNet in "formula": expected conv1\.weight .*, got no tensors$/,
  });
});

Deno.test("convertWeights: torchvision's names in the order of the forward pass, and their origin", async () => {
  const warnings: string[] = [];
  const shares: number[] = [];
  const packed = await convertWeights(wrapped(small), {
    dtype: "float32",
    metadata: { license: "MIT" },
    warn: (message) => warnings.push(message),
    onPacked: (share) => shares.push(share),
  });
  assert.match(warnings.join(), /passed over 1 tensor outside the network/);
  assert.equal(shares.at(-1), 1);
  const checkpoint = await openCheckpoint(packed);
  const expected = formulaCheckpoint(small);
  assert.deepEqual([...checkpoint.tensors], [...expected.tensors]);
  for (const name of ["conv1.weight", "layer4.0.bn2.running_var", "fc.bias"]) {
    assert.deepEqual(await checkpoint.read(name), await expected.read(name));
  }
  const { tensors: _, ...metadata } = checkpoint.metadata as
    & Checkpoint["metadata"]
    & { tensors: unknown };
  assert.deepEqual(metadata, {
    arch: "ResNet(BasicBlock, [1,1,1,1])",
    source: "wrapped.pth",
    preset: imagenetPreset,
    license: "MIT",
    dtype: "float32",
  });
});

Deno.test("convertWeights: a file's hash is stored, and stays in copies of copies", async () => {
  const front = { arch: small, outputLayer: "layer1" };
  const given = formulaCheckpoint(small);
  const names = [...given.tensors.keys()].filter((name) =>
    /^(conv1|bn1|layer1)\./.test(name)
  );
  const file = await writePacked(given, { dtype: "float32", names });
  const first = await convertWeights(file, { dtype: "float16", ...front });
  const { metadata } = await openCheckpoint(first);
  assert.equal(metadata?.source, "bytes");
  assert.equal(metadata?.sourceSha256, await sha256(file));
  const second = await convertWeights(first, { dtype: "int8", ...front });
  const copied = (await openCheckpoint(second)).metadata;
  assert.equal(copied?.sourceSha256, await sha256(file));
  assert.equal(copied?.dtype, "int8");
});

Deno.test("convertWeights: up to a node, and nothing after it", async () => {
  const given = formulaCheckpoint(small);
  const packed = await convertWeights(given, {
    arch: small,
    dtype: "float16",
    outputLayer: "layer2.0.conv1",
  });
  const { tensors } = await openCheckpoint(packed);
  assert.equal([...tensors.keys()].at(-1), "layer2.0.conv1.weight");
  assert.ok(!given.reads.some((name) => /layer[34]/.test(name)));
  using model = await createModel(small, "layer2.0.conv1", packed);
  assert.equal(model.outputLayer, "layer2.0.conv1");
});

Deno.test("bad arguments to convertWeights", async () => {
  const given = formulaCheckpoint(small);
  await assert.rejects(convertWeights("DEFAULT", { dtype: "int8" }), {
    name: "RangeError",
    message:
      'unknown weights "DEFAULT": this name exists for several architectures; pass `arch`, a path or a URL',
  });
  await assert.rejects(
    // A known architecture is checked before anything is opened.
    convertWeights("none.pth", {
      arch: small,
      dtype: "int8",
      outputLayer: ["layer1", "layer5"],
    }),
    { name: "RangeError", message: /^there is no node "layer5"/ },
  );
  await assert.rejects(
    convertWeights(given, { arch: "resnet18", dtype: "int8" }),
    {
      name: "TypeError",
      message:
        /doesn't match resnet18: 40 tensors missing .* and 37 more\); it looks like/,
    },
  );
  await assert.rejects(
    convertWeights(given, { dtype: "int8", outputLayer: "layer5" }),
    { name: "RangeError", message: /^there is no node "layer5"/ },
  );
});

Deno.test("measureLoss: zero for the same numbers, more for fewer bits", async () => {
  const picture = await decodeImage(rocket);
  const source = formulaCheckpoint(small);
  const layers = ["layer1", "layer2", "layer3", "layer4", "avgpool"];
  const exact = await measureLoss(
    source,
    await convertWeights(source, { dtype: "float32" }),
    [picture],
  );
  assert.deepEqual(exact.map(({ layer }) => layer), layers);
  for (const { cosine, largestError, largestValue } of exact) {
    assert.ok(Math.abs(cosine - 1) < 1e-12);
    assert.equal(largestError, 0);
    assert.ok(largestValue > 0);
  }
  const options = { dtype: "int8", outputLayer: "layer2.0.bn1" } as const;
  const front = await measureLoss(
    source,
    await convertWeights(source, options),
    [picture, await decodeImage(chelsea)],
    options,
  );
  assert.deepEqual(front.map(({ layer }) => layer), ["layer1", "layer2.0.bn1"]);
  for (const { cosine, largestError, largestValue } of front) {
    assert.ok(cosine > 0.999 && cosine < 1 - 1e-9, `${cosine}`);
    assert.ok(largestError > 0 && largestError < 0.2 * largestValue);
  }
});

cliTest(
  "layertap convert writes a file and shows what is lost",
  async (folder) => {
    const out = `${folder}/front.npz`;
    const text = await succeed(
      ...["convert", shipped, out, "--dtype", "f16", "--layer", "layer2"],
      ...["--images", `${chelsea},${rocket}`, "--license", "MIT, somebody"],
    );
    const { size } = await Deno.stat(out);
    const [first, , ...rows] = text.trimEnd().split("\n");
    assert.equal(first, `${out}: ${size} bytes, float16`);
    assert.deepEqual(rows.map((row) => row.slice(0, 20)), [
      "layer1        1.0000",
      "layer2        1.0000",
    ]);
    const { metadata, tensors } = await openCheckpoint(out);
    assert.equal(metadata?.license, "MIT, somebody");
    assert.equal(metadata?.source, "mlnet_resnet18.pth");
    assert.equal([...tensors.keys()].at(-1), "layer2.1.bn2.running_var");

    const plain = await succeed("convert", out, out, "--layer", "layer1");
    assert.match(plain, /^[^\n]* bytes, int8\n$/);
  },
);

Deno.test("layertap convert: wrong command lines", async () => {
  await fail(["convert"], 2, /^<in> is missing \(/);
  await fail(["convert", shipped], 2, /^<out> is missing \(/);
  await fail(["convert", shipped, "a", "b"], 2, /^unexpected argument "b" \(/);
  await fail(
    ["convert", shipped, "a", "--dtype", "f8"],
    2,
    /^--dtype: expected "float32", "float16" or "int8", got "f8" \(/,
  );
  await fail(
    ["convert", shipped, "a.npz", "--arch", "resnet19"],
    2,
    /^--arch: there is no architecture "resnet19"/,
  );
  await fail(["convert", "none.pth", "a.npz"], 1, /there is no such file$/);
});

cliTest(
  "convert_all packs what it finds, lists it, and names the rest",
  async (folder) => {
    const file = await writePacked(formulaCheckpoint("resnet18"), {
      dtype: "float16",
    });
    const hash = await sha256(file);
    const sha256Prefix = hash.slice(0, 8);
    const url = `https://example.org/resnet18-${sha256Prefix}.pth`;
    const table = weightsTable.map((entry) =>
      entry.arch === "resnet18" ? { ...entry, url, sha256Prefix } : entry
    );
    await Deno.writeFile(`${folder}/resnet18-${sha256Prefix}.pth`, file);
    // Its content isn't what its name says.
    await Deno.writeTextFile(`${folder}/resnet34-b627a593.pth`, "nothing");
    const log: string[] = [];
    const missing = await convertAll(`${folder}/out`, {
      from: folder,
      dtypes: ["int8"],
      table,
      log: (line) => log.push(line),
    });
    assert.equal(missing.length, 16);
    assert.equal(missing[0], "resnet34 IMAGENET1K_V1");
    assert.match(
      log.join("\n"),
      /ignoring ".*resnet34-b627a593\.pth": expected SHA-256/,
    );
    assert.match(log.join("\n"), /there is no resnet50-11ad3fa6\.pth in /);

    const manifest = JSON.parse(
      await Deno.readTextFile(`${folder}/out/manifest.json`),
    );
    const packed = await Deno.readFile(
      `${folder}/out/resnet18.IMAGENET1K_V1.int8.npz`,
    );
    assert.deepEqual(manifest, {
      files: [{
        arch: "resnet18",
        weights: "IMAGENET1K_V1",
        dtype: "int8",
        file: "resnet18.IMAGENET1K_V1.int8.npz",
        size: packed.length,
        sha256: await sha256(packed),
      }],
    });
    const { metadata } = await openCheckpoint(packed);
    assert.equal(metadata?.arch, "resnet18");
    assert.equal(metadata?.sourceSha256, hash);
    assert.deepEqual(metadata?.preset, table[0].preset);
  },
);
