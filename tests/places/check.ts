/**
 * What every place runs: the contract's cases, then ten passes of the network that ships, whose
 * logits are compared with torchvision's, and how many threads run by then.
 *
 * @module
 */

import * as lib from "@layertap/resnet";
import * as maps from "@layertap/resnet/maps";
import {
  type Files,
  type Golden,
  runContract,
} from "../platforms/contract/cases.ts";
import { uniform } from "../support/uniform.ts";

/** What a place answers. */
export interface Outcome {
  /** The number of threads that were asked for. */
  readonly asked: number;
  /** What `backendInfo` says after ten passes. */
  readonly info: lib.RunningBackend;
  /** The largest difference from torchvision's logits. */
  readonly difference: number;
  /** The largest of torchvision's logits. */
  readonly largest: number;
  /** The contract's cases that don't hold, and why. */
  readonly failed: readonly string[];
}

const asked = 2, passes = 10, classes = 10, features = 512;

/** What a place is like. */
export interface Setting {
  /** Whether the package finds the weights that ship; otherwise they are read. Default true. */
  readonly ships?: boolean;
  /** For a place that compiles no WebAssembly. */
  readonly modules?: {
    readonly backend: lib.BackendModules;
    readonly decoders: lib.DecoderModules;
  };
}

/**
 * Checks the package here.
 *
 * @param read A file of the contract, by name.
 */
export async function check(
  read: (name: string) => Promise<Uint8Array<ArrayBuffer>>,
  { ships = true, modules }: Setting = {},
): Promise<Outcome> {
  const given = { modules: modules?.decoders };
  const layertap = {
    ...lib,
    ...maps,
    decodeImage: (source: lib.FileSource) => lib.decodeImage(source, given),
  };
  await lib.startBackend({ threads: asked, modules: modules?.backend });
  const files: Files = {
    pictures: {
      "chelsea.png": await read("chelsea.png"),
      "rocket.jpg": await read("rocket.jpg"),
    },
    weights: await read("mlnet_resnet18.npz"),
    golden: JSON.parse(new TextDecoder().decode(await read("golden.json"))),
  };
  const results = await runContract(layertap, files);
  if (results.length < 7) throw new Error(`${results.length} cases`);
  const model = await lib.createModel(
    "mlnet_resnet18",
    null,
    ships || files.weights,
  );
  const logits = await differences(model, files, layertap.decodeImage);
  model.dispose();
  return {
    asked,
    info: lib.backendInfo(),
    ...logits,
    failed: results.flatMap(({ name, error }) =>
      error === null ? [] : [`${name}: ${error}`]
    ),
  };
}

async function differences(
  model: lib.ResNet,
  { pictures, golden }: { pictures: Files["pictures"]; golden: Golden },
  decodeImage: typeof lib.decodeImage,
): Promise<Pick<Outcome, "difference" | "largest">> {
  const headed = model.withHead({
    weight: uniform("head.weight", classes * features),
    bias: uniform("head.bias", classes),
  });
  let difference = 0, largest = 0;
  for (const [name, { logits }] of Object.entries(golden)) {
    const x = headed.preprocess(await decodeImage(pictures[name]));
    for (let pass = 0; pass < passes; pass++) {
      const y = headed.forward(x);
      const got = await y.data<"float32">();
      y.dispose();
      // Threads start between passes.
      await new Promise((resolve) => setTimeout(resolve, 20));
      logits.forEach((want, i) => {
        const by = Math.abs(got[i] - want);
        if (!(by <= difference)) difference = by; // NaN too.
        largest = Math.max(largest, Math.abs(want));
      });
    }
    x.dispose();
  }
  headed.dispose();
  return { difference, largest };
}
