import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import type { FileSource } from "../runtime/open_source.ts";
import { readHead } from "./head_file.ts";
import { KNearest } from "./k_nearest.ts";
import { LinearFit } from "./linear_fit.ts";
import { NearestMean } from "./nearest_mean.ts";

/** A head of any kind. */
export type Head = LinearFit | NearestMean | KNearest;

/**
 * Reads a head of any kind that was saved to JSON or `.npz`.
 *
 * @param source A path, a URL or bytes.
 * @throws {SyntaxError} If it isn't such a file.
 * @throws {Error} If it can't be read.
 *
 * @example The kind that it is
 * ```ts
 * import { loadHead, NearestMean } from "@layertap/resnet/fit";
 * import assert from "node:assert/strict";
 *
 * const head = new NearestMean().add([0, 1], "up").add([0, -1], "down");
 * const loaded = await loadHead(await head.encode("json"));
 * assert(loaded instanceof NearestMean);
 * assert.equal(loaded.predict([0, 3]), "up");
 * ```
 */
export async function loadHead(source: FileSource): Promise<Head> {
  return await readHead<Head>(source, (file) => {
    switch (file.values.kind) {
      case "linear":
        return LinearFit.read(file);
      case "mean":
        return NearestMean.read(file);
      case "nearest":
        return KNearest.read(file);
    }
    const what = '"linear", "mean" or "nearest"';
    const { kind } = file.values;
    throw failReading(file.name)(
      expected("kind", what, kind, "layertap fit writes heads"),
    );
  });
}
