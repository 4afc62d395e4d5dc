import assert from "node:assert/strict";
import { archTable } from "../../src/arch/table.ts";
import { imagenetCategories } from "../../src/model/imagenet_categories.ts";
import { openCheckpoint } from "../../src/weights/open.ts";
import { openPretrained } from "../../src/weights/resolve.ts";
import { weightsTable } from "../../src/weights/table.ts";
import {
  openInTorchCache,
  torchCheckpoints,
} from "../../src/weights/torch_cache.ts";
import { folder } from "./fixtures.ts";

Deno.test("weightsTable: torchvision's 17 entries", () => {
  assert.equal(weightsTable.length, 17);
  assert.equal(
    new Set(weightsTable.map(({ sha256Prefix }) => sha256Prefix)).size,
    17,
  );
  for (const [arch, { origin }] of archTable) {
    const entries = weightsTable.filter((entry) => entry.arch === arch);
    const defaults = entries.filter(({ isDefault }) => isDefault);
    assert.equal(defaults.length, origin === undefined ? 1 : 0, arch);
    // The default is the best.
    for (const { acc1 } of entries) assert.ok(defaults[0].acc1 >= acc1, arch);
  }
  assert.deepEqual(weightsTable[3], {
    arch: "resnet50",
    name: "IMAGENET1K_V2",
    isDefault: true,
    url: "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
    sha256Prefix: "11ad3fa6",
    fileSize: 97.79,
    legacyUrl: undefined,
    mirrorUrl:
      "https://huggingface.co/timm/resnet50.tv2_in1k/resolve/main/model.safetensors",
    numParams: 25557032,
    acc1: 80.858,
    acc5: 95.434,
    recipe:
      "https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621",
    license: weightsTable[0].license,
    preset: {
      resizeSize: 232,
      cropSize: 224,
      interpolation: "bilinear",
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
  });
  // The only V1 trained with the new recipe.
  const [x64] = weightsTable.filter(({ arch }) => arch === "resnext101_64x4d");
  assert.equal(x64.name, "IMAGENET1K_V1");
  assert.equal(x64.preset.resizeSize, 232);
});

Deno.test("imagenetCategories: 1000 names in the networks' order", () => {
  assert.equal(imagenetCategories.length, 1000);
  assert.equal(imagenetCategories[0], "tench");
  assert.equal(imagenetCategories[281], "tabby");
  assert.equal(imagenetCategories[999], "toilet tissue");
  assert.ok(imagenetCategories.every((name) => name.trim().length > 0));
});

Deno.test("unknown weights: the message lists the entries", async () => {
  const cases: [arch: string, name: string | true, message: string][] = [
    [
      "resnet50",
      "IMAGENET1K_V3",
      'unknown weights "IMAGENET1K_V3": resnet50 has "IMAGENET1K_V1", "IMAGENET1K_V2" or "DEFAULT"; or pass a path or a URL',
    ],
    [
      "resnet18",
      "IMAGENET1K_V2",
      'unknown weights "IMAGENET1K_V2": resnet18 has "IMAGENET1K_V1" or "DEFAULT"; or pass a path or a URL',
    ],
    [
      "resnet50",
      "default",
      'unknown weights "default": resnet50 has "IMAGENET1K_V1", "IMAGENET1K_V2" or "DEFAULT"; or pass a path or a URL',
    ],
    [
      "resnet18",
      "ResNet50_Weights.IMAGENET1K_V1",
      'unknown weights "ResNet50_Weights.IMAGENET1K_V1": resnet18 has "IMAGENET1K_V1" or "DEFAULT"; or pass a path or a URL',
    ],
    [
      "mlnet_resnet18",
      "DEFAULT",
      'unknown weights "DEFAULT": torchvision has none for mlnet_resnet18; pass a path or a URL, or true for the ones that ship',
    ],
    [
      "resnet50d",
      true,
      'unknown weights "IMAGENET1K_V1": torchvision has none for resnet50d; pass "hf:timm/resnet50d.ra2_in1k", a path or a URL',
    ],
    [
      "tiny",
      true,
      'unknown weights "IMAGENET1K_V1": torchvision has none for tiny; pass a path or a URL',
    ],
  ];
  for (const [arch, name, message] of cases) {
    await assert.rejects(openPretrained(arch, name), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("names and enum members open their files", async () => {
  const cases = [
    ["resnet18", true, "IMAGENET1K_V1", "resnet18-f37072fd"],
    ["resnet50", true, "IMAGENET1K_V1", "resnet50-0676ba61"],
    ["resnet50", "DEFAULT", "IMAGENET1K_V2", "resnet50-11ad3fa6"],
    [
      "wide_resnet50_2",
      "Wide_ResNet50_2_Weights.IMAGENET1K_V2",
      "IMAGENET1K_V2",
      "wide_resnet50_2-9ba9bcbe",
    ],
    [
      "resnext101_64x4d",
      "ResNeXt101_64X4D_Weights.DEFAULT",
      "IMAGENET1K_V1",
      "resnext101_64x4d-173b62eb",
    ],
  ] as const;
  const offline = {
    cache: false,
    fetch: () => Promise.reject(new TypeError("offline")),
    retryDelay: () => 0,
    warn: () => {},
  };
  for (const [arch, pretrained, name, file] of cases) {
    const url = `https://download.pytorch.org/models/${file}.pth`;
    await assert.rejects(openPretrained(arch, pretrained, offline), {
      name: "Error",
      message: new RegExp(
        `^cannot load ${name} of ${arch}: cannot fetch ${url}: offline; .*` +
          `; download ${url} and pass the file's path, or put it into `,
      ),
    });
  }
});

Deno.test("torch's cache: only a file with the right hash is opened", async () => {
  const url = "https://example.com/state_dict.pth";
  const path = `${folder}/state_dict.pth`;
  const hash = await crypto.subtle.digest(
    "SHA-256",
    await Deno.readFile(path),
  );
  const sha256Prefix = new Uint8Array(hash).toHex().slice(0, 8);
  const warnings: string[] = [];
  const open = (url: string, sha256Prefix: string) =>
    openInTorchCache(url, sha256Prefix, folder, (w) => warnings.push(w));

  const source = await open(url, sha256Prefix);
  assert.equal(source?.name, path);
  source.close();
  assert.equal(await open("https://example.com/absent.pth", "00"), undefined);
  assert.deepEqual(warnings, []);
  assert.equal(await open(url, "f37072fd"), undefined);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0],
    /^ignoring "tests\/data\/weights\/state_dict\.pth": expected SHA-256 f37072fd…, got [0-9a-f]{64}$/,
  );
});

Deno.test({
  name: "torch's cache: where it is, without leave to look at the environment",
  permissions: { env: false, read: "inherit" },
  async fn() {
    assert.equal(await torchCheckpoints(), "~/.cache/torch/hub/checkpoints");
  },
});

Deno.test("torch's cache: its folder, by the environment", async () => {
  const { stdout } = await new Deno.Command("deno", {
    args: [
      "eval",
      `import { torchCheckpoints } from "./src/weights/torch_cache.ts";
       console.log(await torchCheckpoints());`,
    ],
    env: { TORCH_HOME: "/data/torch" },
  }).output();
  assert.equal(
    new TextDecoder().decode(stdout),
    "/data/torch/hub/checkpoints\n",
  );
});

Deno.test("a path, bytes and an open checkpoint", async () => {
  const path = `${folder}/state_dict.pth`;
  for (
    const given of [path, await Deno.readFile(path), await openCheckpoint(path)]
  ) {
    const { checkpoint, preset } = await openPretrained("resnet18", given);
    assert.equal((await checkpoint.read("fc.weight")).length, 20);
    assert.equal(preset, undefined);
    if (typeof given === "object" && "tensors" in given) {
      assert.equal(checkpoint, given);
    }
    checkpoint.close();
  }
});
