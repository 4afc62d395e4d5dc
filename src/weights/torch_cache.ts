/**
 * Official weights from the folder where PyTorch keeps its downloads, which is only read.
 *
 * Source: PyTorch 1.13, `torch/hub.py` (`get_dir`, `load_state_dict_from_url`).
 *
 * @module
 */

import type { ByteSource } from "../runtime/byte_source.ts";
import { openByteSource } from "../runtime/open_source.ts";
import { environmentVariable, isGranted } from "../runtime/environment.ts";
import { sha256 } from "./sha256.ts";

/** The folder of torch's checkpoints, by the environment variables that may be read. */
export function torchCheckpoints(): string {
  const [home, xdg, torchHome] = ["HOME", "XDG_CACHE_HOME", "TORCH_HOME"]
    .map(environmentVariable);
  const folder = torchHome ?? `${xdg ?? "~/.cache"}/torch`;
  return `${folder.replace(/^~(?=\/|$)/, home ?? "~")}/hub/checkpoints`;
}

/**
 * Opens a file of torch's cache if it exists, may be read, and has the published hash.
 *
 * @param url Where torch fetches it from.
 * @param folder The cache's folder of checkpoints.
 * @param warn Called if the file has another hash.
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
    `ignoring "${path}": expected SHA-256 ${sha256Prefix}…, got ${hash}`,
  );
  return undefined;
}
