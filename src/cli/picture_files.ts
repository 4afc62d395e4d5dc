/**
 * How commands read picture files.
 *
 * @module
 */

import type { InputOptions } from "../extract/load_input.ts";
import type { PassedOver } from "../extract/list_files.ts";
import { expected } from "../errors/expected.ts";
import { hostOf } from "../runtime/fetch_allowed.ts";
import { type Io, UsageError, type Values } from "./command.ts";
import type { Failures } from "./failures.ts";
import { warnOn } from "./network.ts";
import { integer, integers } from "./options.ts";

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
  "allow-host": {
    value: "HOST",
    help: "allow pictures on this host to be named by URL",
    list: true,
  },
  ...decodeOptions,
} as const;

/** For commands that take a part of each picture. */
export const frameOptions = {
  region: {
    value: "X,Y,W,H",
    help: "take this part of each picture alone, in pixels",
    read: (text: string) => {
      const [x, y, width, height, ...rest] = integers("40,0,300,300")(text);
      if (height !== undefined && rest.length === 0) {
        return [x, y, width, height] as const;
      }
      throw new RangeError(
        expected("", "x, y, width and height such as 40,0,300,300", text),
      );
    },
  },
  "no-crop": {
    help: "resize pictures, but keep all of them, in their aspect",
  },
} as const;

/** For commands that decode pictures in threads. */
export const threadedFileOptions = {
  ...pictureFileOptions,
  "picture-seconds": {
    value: "N",
    help: "give up a picture that takes longer to decode (default: 60)",
    read: integer(1, 1e6),
  },
} as const;

/** The operands of commands that take pictures. */
export const pictureOperands = ["<picture|folder|glob|-…>"] as const;

/**
 * The files that operands stand for, in memory. Tells of pictures in other formats.
 *
 * @param failures Gets what can't be listed.
 */
export async function filesOf(
  operands: readonly string[],
  io: Io,
  failures: Failures,
): Promise<string[]> {
  const { listFiles } = await import("../extract/list_files.ts");
  const passedOver = new Map<string, number>();
  const onError = (error: Error) => failures.folder(error);
  const options = { passedOver, onError };
  const files = await Array.fromAsync(listFiles(operands, io.stdin, options));
  await tellOf(passedOver, io);
  return files;
}

/** Warns of pictures in other formats. */
export async function tellOf(passedOver: PassedOver, io: Io): Promise<void> {
  if (passedOver.size === 0) return;
  const { countsOf } = await import("../extract/list_files.ts");
  warnOn(io)(
    `passed over ${countsOf(passedOver)}; JPEG, PNG and WebP are supported`,
  );
}

/** The options of {@linkcode readingOf}. */
export type ReadingValues = Partial<
  Values<typeof threadedFileOptions & typeof frameOptions>
>;

/** What these options say. */
export function readingOf(
  values: ReadingValues,
  io: Io,
): InputOptions {
  if (values.draft && values.region) {
    throw new UsageError("--draft and --region exclude each other");
  }
  return {
    draft: values.draft,
    exifOrientation: values["exif-orientation"],
    maxPixels: values["max-pixels"],
    region: values.region,
    crop: values["no-crop"] ? "none" : undefined,
    pictureSeconds: values["picture-seconds"],
    allowedHosts: values["allow-host"]?.map(hostOf) ?? [],
    warn: warnOn(io),
  };
}
