/**
 * Official weights from the folder into which PyTorch downloads them. It is only read.
 *
 * Source: PyTorch 1.13, `torch/hub.py` (`get_dir`, `load_state_dict_from_url`).
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import { openByteSource } from "../runtime/open_source.ts";
import { environmentVariable, isGranted } from "../runtime/environment.ts";
import { sha256 } from "./sha256.ts";

/** Where torch keeps checkpoints, as far as the environment says and may be looked at. */
export function torchCheckpoints(): string {
  const [home, xdg, torchHome] = ["HOME", "XDG_CACHE_HOME", "TORCH_HOME"]
    .map(environmentVariable);
  const folder = torchHome ?? `${xdg ?? "~/.cache"}/torch`;
  return `${folder.replace(/^~(?=\/|$)/, home ?? "~")}/hub/checkpoints`;
}

/**
 * Opens a file of torch's cache, if it is there, may be read, and is what was published.
 *
 * @param url Where torch would fetch it from.
 * @param folder The cache's folder of checkpoints.
 * @param warn Told if there is such a file with another hash.
 */
export async function openInTorchCache(
  url: string,
  sha256Prefix: string,
  folder: string,
  warn: (message: string) => void,
): Promise<ByteSource | undefined> {
  const path = `${folder}/${url.slice(url.lastIndexOf("/") + 1)}`;
  if (!isGranted({ name: "read", path })) return undefined;
  const source = await openByteSource(path).catch(() => undefined);
  if (source === undefined) return undefined;
  const hash = await sha256(source);
  if (hash.startsWith(sha256Prefix)) return source;
  source.close();
  warn(
    `"${path}" is not used: its SHA-256 is ${hash}, not ${sha256Prefix}…`,
  );
  return undefined;
}
