/**
 * Official weights from the folder into which PyTorch downloads them. It is only read.
 *
 * Source: PyTorch 1.13, `torch/hub.py` (`get_dir`, `load_state_dict_from_url`).
 *
 * @module
 */

import { openByteSource } from "../formats/open_source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpointAt } from "./open.ts";
import { isGranted } from "./permissions.ts";
import { sha256 } from "./sha256.ts";
import type { WeightsEntry } from "./table.ts";

/**
 * Opens an entry's file in torch's cache, if it is there and is what was published.
 *
 * @param folder The cache's folder of checkpoints; found from the environment if left out.
 * @throws {Error} If not; the message says where to get the file and where to put it.
 */
export async function openFromTorchCache(
  entry: WeightsEntry,
  folder?: string,
): Promise<Checkpoint> {
  const fail = (why: string, cause?: unknown) =>
    new Error(
      `cannot load ${entry.name} of ${entry.arch}: ${why}; download ${entry.url} and pass the file's path, or put it into ${
        folder ?? "~/.cache/torch/hub/checkpoints"
      }`,
      { cause },
    );
  folder ??= await checkpointsFolder();
  if (folder === undefined || !isGranted({ name: "read", path: folder })) {
    throw fail(
      `torch's cache cannot be looked at (in Deno that takes --allow-env=${
        VARIABLES.join(",")
      } --allow-read)`,
    );
  }
  const fileName = entry.url.slice(entry.url.lastIndexOf("/") + 1);
  const source = await openByteSource(`${folder}/${fileName}`)
    .catch((cause) => {
      throw fail(cause.message, cause);
    });
  try {
    const hash = await sha256(source);
    if (!hash.startsWith(entry.sha256Prefix)) {
      throw fail(
        `the SHA-256 of "${source.name}" is ${hash}, not ${entry.sha256Prefix}…`,
      );
    }
    return await openCheckpointAt(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

const VARIABLES = ["TORCH_HOME", "XDG_CACHE_HOME", "HOME"];

/** Where torch keeps checkpoints; undefined without a file system or a look at the environment. */
async function checkpointsFolder(): Promise<string | undefined> {
  if (!VARIABLES.every((variable) => isGranted({ name: "env", variable }))) {
    return undefined;
  }
  const process = await import("node:process").catch(() => undefined);
  if (process === undefined) return undefined;
  const { TORCH_HOME, XDG_CACHE_HOME, HOME = "~" } = process.env;
  const home = TORCH_HOME ?? `${XDG_CACHE_HOME ?? "~/.cache"}/torch`;
  return `${home.replace(/^~(?=\/|$)/, HOME)}/hub/checkpoints`;
}
