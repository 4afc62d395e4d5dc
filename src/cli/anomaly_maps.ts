import type { AnomalyThreshold, PatchCore } from "../anomaly/patch_core.ts";
import { type InputOptions, readInput } from "../extract/load_input.ts";
import type { ShapedArray } from "../formats/shaped_array.ts";
import { names } from "./output.ts";

/** Draws a picture's map; null if it has none, or has been drawn. */
export type MapWriter = (
  path: string,
  map: ShapedArray | null,
) => Promise<void>;

/**
 * Draws maps over pictures, into a folder. Names of files depend on all pictures before, so it must
 * be called for each. A picture of a `.npy` batch has no pixels, and is left out.
 */
export async function mapWriter(
  bank: PatchCore,
  folder: string,
  threshold: AnomalyThreshold | undefined,
  reading: InputOptions,
): Promise<MapWriter> {
  const [fs, { drawAnomaly }, { decodeImage }, { encodePng }, { writeFile }] =
    await Promise.all([
      import("node:fs/promises"),
      import("../anomaly/draw.ts"),
      import("../image/decode.ts"),
      import("../image/encode_png.ts"),
      import("../weights/write_file.ts"),
    ]);
  await fs.mkdir(folder, { recursive: true });
  const fileOf = names(folder.replace(/[\\/]*$/, "/"), ".png");
  const { origin } = bank;
  const options = { ...origin, threshold: threshold?.map };
  const { exifOrientation } = origin, { maxPixels, warn } = reading;
  return async (path, map) => {
    const file = fileOf(path);
    if (map === null || /\.npy\[\d+\]$/i.test(path)) return;
    const { content } = await readInput(path, reading);
    const picture = await decodeImage(content, {
      ...{ exifOrientation, maxPixels, warn },
    });
    const drawing = await drawAnomaly(picture, map, options);
    await writeFile(file, await encodePng(drawing));
  };
}
