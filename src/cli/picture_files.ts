/**
 * How commands read picture files.
 *
 * @module
 */

import type { InputOptions } from "../extract/load_input.ts";
import type { Io, Values } from "./command.ts";
import { warnOn } from "./network.ts";
import { integer } from "./options.ts";

/** For commands that need whole pictures. */
export const decodeOptions = {
  "exif-orientation": { help: "turn pictures by their EXIF orientation" },
  "max-pixels": {
    value: "N",
    help: "refuse larger pictures (default: as PIL, above 178956970)",
    read: integer(1),
  },
} as const;

/** For commands that read pictures. */
export const pictureFileOptions = {
  draft: { help: "decode JPEGs smaller: faster, other features by a little" },
  ...decodeOptions,
} as const;

/** What these options say. */
export function readingOf(
  values: Partial<Values<typeof pictureFileOptions>>,
  io: Io,
): InputOptions {
  return {
    draft: values.draft,
    exifOrientation: values["exif-orientation"],
    maxPixels: values["max-pixels"],
    warn: warnOn(io),
  };
}
