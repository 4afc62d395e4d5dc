import { isDeepStrictEqual } from "node:util";
import type { KnownOrigin } from "../extract/vector_file.ts";
import type { ResNet } from "../model/model.ts";
import type { Io } from "./command.ts";
import { warnOn } from "./network.ts";

/**
 * Compares the weights and the transform with those that a file was made with; warns if the file
 * doesn't say, or if they differ a little.
 *
 * @throws {TypeError} If they are other weights.
 */
export async function requireSameWeights(
  model: ResNet,
  layer: string,
  about: KnownOrigin,
  path: string,
  io: Io,
): Promise<void> {
  const warn = warnOn(io);
  const then = about.fingerprints?.[layer];
  if (then === undefined) {
    warn(`"${path}" doesn't say which weights it was made with`);
    return;
  }
  const { compareFingerprints } = await import("../model/fingerprint.ts");
  const is = compareFingerprints(await model.fingerprint(layer), then);
  if (is === "other") {
    const name = about.weights === undefined ? "" : ` ("${about.weights}")`;
    throw new TypeError(
      `cannot compare with "${path}": it was made with other weights` +
        `${name} of ${about.arch}; choose them with --weights`,
    );
  }
  if (is === "rounded") {
    warn(
      `"${path}" was made with the same batch norms but other filters, ` +
        "such as those of a float16 or int8 copy; the scores are approximate",
    );
  }
  if (about.preset && !isDeepStrictEqual(about.preset, model.preset)) {
    warn(
      `"${path}" was made with another transform; the scores are approximate`,
    );
  }
}
