/**
 * The small network and pictures of the tests of anomaly maps.
 *
 * @module
 */

import { createModel, decodeImage, type ResNet } from "../../mod.ts";
import type { AnomalyScore } from "../../src/anomaly/mod.ts";
import { decodeNpy } from "../../src/formats/npy.ts";
import { openZip } from "../../src/formats/zip.ts";
import { readBytes } from "../../src/runtime/open_source.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";

export const folder = "tests/data/anomaly";

/** Side of the pictures. */
export const side = 64;

/** Six good pictures. */
export const goodFiles = Array.from(
  { length: 6 },
  (_, i) => `${folder}/good_${i}.png`,
);

export const scratchedFile = `${folder}/scratched.png`;

/** The network that ships, up to layer3, for pictures of 64x64. */
export const smallModel = (): Promise<ResNet> =>
  createModel("mlnet_resnet18", "layer3", true, {
    preset: { resizeSize: side, cropSize: side },
  }) as Promise<ResNet>;

/** The arrays of a golden file. */
export async function arraysOf(
  source: string | Blob,
): Promise<Record<string, { data: number[]; shape: readonly number[] }>> {
  const { bytes } = await readBytes(source);
  const opened = await openByteSource(bytes);
  const zip = await openZip(opened);
  const arrays: Record<string, { data: number[]; shape: readonly number[] }> =
    {};
  for (const name of zip.entries.keys()) {
    if (name === "about.npy") continue;
    const { data, shape } = decodeNpy(await zip.read(name), name);
    arrays[name.replace(/\.npy$/, "")] = {
      data: Array.from(data as Float32Array),
      shape,
    };
  }
  opened.close();
  return arrays;
}

/**
 * A hash of bytes or numbers. `assert.deepEqual` of long arrays that differ takes more memory than the
 * machine has.
 */
export async function hashOf(
  { buffer, byteOffset, byteLength }: Uint8Array | Float32Array,
): Promise<string> {
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}

/** A score, and a hash of its map. */
export async function summaryOf(
  { score, map }: AnomalyScore,
): Promise<unknown> {
  return [score, map.shape, await hashOf(map.data)];
}

/** Whether each pixel is part of the scratch. */
export async function scratchMask(): Promise<boolean[]> {
  const { data } = await decodeImage(`${folder}/scratch.png`);
  return Array.from(
    { length: data.length / 3 },
    (_, i) => data[3 * i] > 127,
  );
}
