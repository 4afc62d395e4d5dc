/**
 * Pictures that are drawn, and read by a network.
 *
 * @module
 */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { InputOptions } from "../extract/load_input.ts";
import type { FigurePicture } from "../maps/figure.ts";
import type { ResNet } from "../model/model.ts";
import { namedFile } from "../runtime/named_file.ts";
import type { Failures } from "./failures.ts";

/** A picture, its name, and the network's input, which the receiver disposes. */
interface Photo extends FigurePicture {
  readonly path: string;
}

/**
 * Reads pictures one by one, whole. Of a `.npy` batch, the pictures are what the network sees.
 *
 * @param failures Gets what can't be read.
 */
export async function* photosOf(
  model: ResNet,
  files: readonly string[],
  reading: InputOptions,
  failures: Failures,
): AsyncGenerator<Photo> {
  const { decodeImage } = await import("../image/decode.ts");
  const { cropBox } = await import("../image/crops.ts");
  const { unprocess } = await import("../model/preprocess.ts");
  const { preset } = model;
  const { draft, region, crop, ...options } = reading;
  const frame = { region, crop };
  const drafted = draft
    ? [preset.resizeSize, preset.resizeSize] as const
    : undefined;
  const read = async (path: string): Promise<Photo> => {
    const file = await namedFile(path, options);
    const picture = await decodeImage(file, { ...options, draft: drafted });
    const input = model.preprocess(picture, frame);
    return { path, picture, area: cropBox(picture, preset, frame), input };
  };
  for (const path of files) {
    if (path.toLowerCase().endsWith(".npy")) {
      for await (const photo of inputsOf(model, [path], reading, failures)) {
        const [picture] = await unprocess(photo.input, preset);
        yield { ...photo, picture };
      }
      continue;
    }
    const photo = await read(path).catch((error) => failures.picture(error));
    if (photo) yield photo;
  }
}

/** Reads pictures one by one, only what the network sees of them. */
export async function* inputsOf(
  model: ResNet,
  files: readonly string[],
  reading: InputOptions,
  failures: Failures,
): AsyncGenerator<{ readonly path: string; readonly input: Tensor4D }> {
  const { inputBatches } = await import("../extract/input_batches.ts");
  const batches = inputBatches(model, files, { ...reading, most: 1 });
  for await (const { input, rows } of batches) {
    for (const { error } of rows) if (error) failures.picture(error);
    if (input) yield { path: rows.find(({ error }) => !error)!.path, input };
  }
}
