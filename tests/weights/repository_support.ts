/** For the tests of repositories: a hub on 127.0.0.1, and what it serves. */

import { cutNetwork } from "../../src/arch/cut_network.ts";
import type { ArchRow } from "../../src/arch/table.ts";
import { allTensors } from "../../src/weights/differences.ts";
import {
  type NetworkOptions,
  type OpenedNetwork,
  withNetwork,
} from "../../src/weights/open_network.ts";
import type { Pretrained } from "../../src/weights/resolve.ts";
import {
  type GoldenRepository,
  repositories,
} from "../support/preset_goldens.ts";
import { uniform } from "../support/uniform.ts";
import { temporaryFolder } from "./fetch_support.ts";
import type { Tensors } from "./fixtures.ts";
import { safetensors } from "./safetensors_writer.ts";
import { WeightsServer } from "./server.ts";

/** Where the networks end. */
export const layer = "layer1.0.conv1";

/** The front of a network. */
export function frontOf(arch: Omit<ArchRow, "name">, prefix = ""): Tensors {
  const { trace } = cutNetwork({ name: "x", ...arch }, layer);
  return new Map(
    allTensors(trace.root).map(({ name, shape }) => {
      const count = shape.reduce((a, b) => a * b);
      return [`${prefix}${name}`, { shape, data: uniform(name, count) }];
    }),
  );
}

/** resnet18. */
export const plain = { block: "BasicBlock", layers: [2, 2, 2, 2] } as const;
/** A repository of the golden data. */
export const named = (name: string) =>
  repositories.find((r) => r.name === name)!;
/** A file of JSON. */
export const json = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));

/** A hub on 127.0.0.1, and an empty cache. */
export async function setUp() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(new WeightsServer());
  const cache = stack.use(await temporaryFolder());
  const warnings: string[] = [];
  const settings = {
    fetch: server.fetch,
    cache: cache.path,
    retryDelay: () => 1,
    warn: (message: string) => void warnings.push(message),
  };
  const put = (
    name: string,
    files: Record<string, Uint8Array<ArrayBuffer>>,
  ) => {
    for (const [file, bytes] of Object.entries(files)) {
      server.put(`https://huggingface.co/${name}/resolve/main/${file}`, bytes);
    }
  };
  const open = (
    pretrained: Pretrained,
    options: NetworkOptions = {},
  ): Promise<OpenedNetwork> =>
    withNetwork(
      pretrained,
      { ...settings, outputLayer: layer, ...options },
      (opened) => Promise.resolve(opened),
    );
  return {
    server,
    cache: cache.path,
    settings,
    warnings,
    put,
    open,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A repository's files, with the front of its network. */
export function filesOf(
  { files, arch, prefix }: GoldenRepository,
): Record<string, Uint8Array<ArrayBuffer>> {
  const configs = Object.entries(files).map(([name, value]) =>
    [name, json(value)] as const
  );
  const weights = safetensors(frontOf(arch ?? plain, prefix));
  return Object.fromEntries([...configs, ["model.safetensors", weights]]);
}
