/**
 * What holds wherever the package runs: the same pictures, weights, nodes and numbers. The cases
 * use no API of Deno, Node or browsers; each runtime provides the package and the files.
 *
 * @module
 */

import type * as layertap from "../../../mod.ts";
import type * as maps from "../../../src/maps/mod.ts";
import { compareDigest } from "../../support/digest.ts";
import { uniform } from "../../support/uniform.ts";

/** The package as a program imports it. */
export type Package = typeof layertap & typeof maps;

type Model = layertap.ResNet;

/** The files that a runtime provides. */
export interface Files {
  /** The pictures `chelsea.png` and `rocket.jpg`, by name. */
  readonly pictures: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** The packed weights that ship. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** `tests/data/contract/golden.json`. */
  readonly golden: Golden;
}

/** The values that torchvision computes for each picture. */
export type Golden = Readonly<
  Record<string, {
    readonly nodes: Readonly<
      Record<string, { shape: readonly number[]; digest: readonly number[] }>
    >;
    readonly logits: readonly number[];
  }>
>;

interface World {
  readonly lib: Package;
  readonly files: Files;
  /** The network that ships. Each case has its own copy with the same weights. */
  readonly model: Model;
  /** The tolerance, relative to a node's largest value. */
  readonly within: number;
}

const arch = "mlnet_resnet18", classes = 10, features = 512;

/** The contract, by name. A case throws if it doesn't hold. */
export const cases: Readonly<Record<string, (world: World) => Promise<void>>> =
  {
    "every node has torchvision's numbers": async (world) => {
      const { lib, model, files } = world;
      for (const [name, { nodes }] of Object.entries(files.golden)) {
        const image = await lib.decodeImage(files.pictures[name]);
        const x = model.preprocess(image);
        const values = model.extract(x, Object.keys(nodes));
        for (const [node, value] of Object.entries(values)) {
          await compareNode(world, name, node, value);
        }
        x.dispose();
      }
    },

    "a truncated network gives the same numbers as the whole": async (
      world,
    ) => {
      const { lib, files } = world;
      for (const node of ["layer2.0.downsample.1", "layer3"]) {
        const cut = await lib.createModel(arch, node, files.weights);
        equal([...cut.nodes().keys()].at(-1), cut.outputLayer);
        const maps = cut.forward(await input(cut, lib, files));
        await compareNode(world, "chelsea.png", node, maps);
        cut.dispose();
      }
    },

    "hooks see every module, and can replace its output": async (world) => {
      const { lib, model, files } = world;
      const x = await input(model, lib, files);
      const seen: string[] = [];
      const kept: layertap.Tensor[] = [];
      const handles = ["layer1.0.relu", "layer3"].map((name) =>
        model.registerForwardHook(name, (module, _inputs, output) => {
          seen.push(module.name);
          if (module.name === "layer3") kept.push(output.clone());
        })
      );
      const before = model.forward(x);
      equal(seen.join(), "layer1.0.relu,layer1.0.relu,layer3");
      await compareNode(world, "chelsea.png", "layer3", kept[0]);
      // The rocket's value replaces the cat's.
      const rocket = await input(model, lib, files, "rocket.jpg");
      const { layer4 } = model.extract(rocket, ["layer4"]);
      const replacing = model.registerForwardHook("layer4", () => layer4);
      const replaced = model.forward(x);
      await compareNode(world, "rocket.jpg", "flatten", replaced);
      for (const handle of [...handles, replacing]) handle.remove();
      const after = model.forward(x);
      equal((await after.data()).join(), (await before.data()).join());
      equal(seen.length, 9); // `extract` calls hooks too.
    },

    "pictures to vectors, one batch": async (
      { lib, model, files, within },
    ) => {
      const names = Object.keys(files.golden);
      const images = await Promise.all(
        names.map((name) => lib.decodeImage(files.pictures[name])),
      );
      const vectors = lib.embed(model, images);
      equal(vectors.shape.join(), `${names.length},${features}`);
      const values = await vectors.data<"float32">();
      names.forEach((name, i) => {
        const { shape, digest } = files.golden[name].nodes.flatten;
        const row = values.slice(i * features, (i + 1) * features);
        compareDigest(`${name} flatten`, row, shape, digest, within);
      });
    },

    "a new head classifies": async (
      { lib, model, files, within },
    ) => {
      const headed = model.withHead({
        weight: uniform("head.weight", classes * features),
        bias: uniform("head.bias", classes),
      });
      for (const [name, { logits }] of Object.entries(files.golden)) {
        const image = await lib.decodeImage(files.pictures[name]);
        const values = await headed.forward(headed.preprocess(image)).data();
        const largest = Math.max(...logits.map(Math.abs));
        logits.forEach((want, i) => {
          near(values[i], want, within * largest, `${name} logit ${i}`);
        });
        const [first, second] = await lib.classify(headed, image, { top: 2 });
        const order = logits.map((_, i) => i)
          .sort((a, b) => logits[b] - logits[a]);
        equal(first.label, `class ${order[0]}`);
        equal(second.label, `class ${order[1]}`);
        const sum = logits.reduce(
          (sum, logit) => sum + Math.exp(logit - logits[order[0]]),
          0,
        );
        near(first.score, 1 / sum, 1e-3, `${name}: score`);
      }
      headed.dispose();
    },

    "maps become a PNG that decodes to the same pixels": async (
      { lib, model, files },
    ) => {
      const front = model.truncate("layer1");
      const maps = front.forward(await input(front, lib, files));
      const grid = await lib.featureMapGrid(maps, { columns: 8, cell: 56 });
      const png = await lib.encodePng(grid);
      const { width, height, data } = await lib.decodeImage(png);
      equal(`${width}x${height}`, `${grid.width}x${grid.height}`);
      equal(data.every((value, i) => value === grid.data[i]), true);
      equal(new Set(data).size > 100, true);
    },

    "errors name the argument and what was expected": async (
      { lib, model, files },
    ) => {
      const { weights, pictures } = files;
      const cut = weights.slice(0, weights.length / 2);
      const png = pictures["chelsea.png"].slice(0, 20_000);
      await fails(
        "RangeError",
        /"lyer4".*layer4/,
        () => lib.createModel(arch, "lyer4" as string, weights),
      );
      await fails(
        "RangeError",
        /resnet19.*resnet18/,
        () => lib.createModel("resnet19", null, false),
      );
      await fails(
        "TypeError",
        /resnet50/,
        () => lib.createModel("resnet50", null, weights),
      );
      await fails("SyntaxError", /./, () => lib.createModel(arch, null, cut));
      await fails("SyntaxError", /decode/, () => lib.decodeImage(png));
      const front = model.truncate("layer1");
      const x = await input(front, lib, files);
      await fails("RangeError", /layer4/, () => front.extract(x, ["layer4"]));
      model.dispose();
      await fails(
        "Error",
        /disposed/,
        () => model.nodes() && model.truncate("layer1"),
      );
    },
  };

/** The result of a case. */
export interface Result {
  readonly name: string;
  /** The error; null if the case holds. */
  readonly error: string | null;
}

/** Runs every case on the backend that runs. */
export async function runContract(
  lib: Package,
  files: Files,
): Promise<Result[]> {
  const { kernels } = await lib.startBackend();
  const within = kernels === "own" ? 2e-5 : 1e-5; // Own: Winograd's rounding.
  const whole = await lib.createModel(arch, null, files.weights);
  const results: Result[] = [];
  for (const [name, run] of Object.entries(cases)) {
    let error: string | null = null;
    const model = whole.truncate(whole.outputLayer);
    try {
      await run({ lib, files, model, within });
    } catch (caught) {
      const { name, message } = caught as Error;
      error = `${name}: ${message}`;
    }
    model.dispose();
    results.push({ name, error });
  }
  whole.dispose();
  return results;
}

async function input(
  model: Model,
  lib: Package,
  files: Files,
  name = "chelsea.png",
): Promise<layertap.Tensor4D> {
  return model.preprocess(await lib.decodeImage(files.pictures[name]));
}

async function compareNode(
  { lib, files: { golden }, within }: World,
  picture: string,
  node: string,
  value: layertap.Tensor,
): Promise<void> {
  const { shape, digest } = golden[picture].nodes[node];
  const nchw = value.rank === 4 ? lib.toNCHW(value) : value;
  equal(nchw.shape.join(), shape.join());
  const values = await nchw.data<"float32">();
  compareDigest(`${picture} ${node}`, values, shape, digest, within);
}

function equal<T>(got: T, want: T): void {
  if (got !== want) throw new Error(`got ${got}, not ${want}`);
}

function near(got: number, want: number, by: number, what: string): void {
  if (Math.abs(got - want) <= by) return;
  throw new Error(`${what} is ${got}, not ${want}`);
}

async function fails(
  kind: string,
  message: RegExp,
  what: () => unknown,
): Promise<void> {
  let error: Error | undefined;
  try {
    await what();
  } catch (caught) {
    error = caught as Error;
  }
  if (error?.name === kind && message.test(error.message)) return;
  throw new Error(`a ${kind} with ${message} was due, got ${error}`);
}
