/**
 * Packs a checkpoint into the `.npz` that the package reads. The weights that ship were made by
 *
 *     deno run --allow-read --allow-write scripts/pack_weights.ts mlnet_resnet18.pth \
 *       weights/mlnet_resnet18.npz --dtype int8 --arch mlnet_resnet18 \
 *       --license "MIT, Copyright (c) .NET Foundation and Contributors"
 *
 * `--resize` is the shorter side of the transform (256 if left out); the crop is 224, the mean
 * and deviation are ImageNet's.
 *
 * @module
 */

import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { imagenetPreset } from "../src/arch/preset.ts";
import { openByteSource } from "../src/formats/open_source.ts";
import { openCheckpointAt } from "../src/weights/open.ts";
import { type PackedDType, writePacked } from "../src/weights/pack.ts";
import { sha256 } from "../src/weights/sha256.ts";

/** What the command line says besides the two paths. */
export interface PackOptions {
  /** How filters are stored. */
  readonly dtype: PackedDType;
  /** Architecture that the tensors belong to. */
  readonly arch: string;
  /** SPDX identifier and copyright line. */
  readonly license: string;
  /** The shorter side of the transform, in pixels. */
  readonly resizeSize: number;
}

/** Packs the checkpoint at a path. */
export async function packFile(
  path: string,
  { dtype, arch, license, resizeSize }: PackOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = await openByteSource(path);
  try {
    return await writePacked(await openCheckpointAt(source), {
      dtype,
      metadata: {
        arch,
        source: basename(path),
        sourceSha256: await sha256(source),
        license,
        preset: { ...imagenetPreset, resizeSize },
      },
    });
  } finally {
    source.close();
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dtype: { type: "string" },
      arch: { type: "string" },
      license: { type: "string" },
      resize: { type: "string", default: "256" },
    },
  });
  const [input, output] = positionals;
  const { dtype, arch, license, resize } = values;
  if (
    !output || !arch || !license ||
    (dtype !== "float32" && dtype !== "float16" && dtype !== "int8")
  ) {
    console.error(
      "usage: pack_weights.ts IN OUT --dtype float32|float16|int8 --arch NAME --license TEXT [--resize PIXELS]",
    );
    process.exit(2);
  }
  const packed = await packFile(input, {
    dtype,
    arch,
    license,
    resizeSize: Number(resize),
  });
  await writeFile(output, packed);
  console.log(`${output}: ${packed.length} bytes`);
}
