/**
 * The ResNets in a checkpoint: prefixes under which the tensors of one may stand.
 *
 * @module
 */

import { expected, few } from "../errors/expected.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type Naming, namings } from "./naming.ts";
import { type FoundNetwork, networkUnder } from "./network_under.ts";
import { type Paths, pathsOf } from "./paths.ts";

/** A prefix, with its last dot, under which a network may stand. */
interface Place {
  readonly prefix: string;
  readonly naming: Naming;
}

/** Most candidates to look at; ensembles have a few dozen. */
const MAX_CANDIDATES = 256;

/**
 * All candidates, in the file's order; nothing is checked but the two first filters.
 *
 * @param prefix Which of them: right at this path, or else those below it.
 * @throws {RangeError} If there is none under the prefix.
 * @throws {TypeError} If there are hundreds.
 */
export function findNetworks(
  checkpoint: Checkpoint,
  paths: Paths = pathsOf(checkpoint),
  prefix?: string,
): FoundNetwork[] {
  let places = placesIn(paths);
  if (prefix !== undefined) {
    places = placesUnder(
      places,
      prefix.replace(/\.?$/, "."),
      prefix,
      checkpoint,
    );
  }
  if (places.length > MAX_CANDIDATES) {
    throw new TypeError(
      `"${checkpoint.source}" holds ${places.length} networks, under ${
        shown(places)
      }; choose one by the option prefix`,
    );
  }
  return places.map(({ prefix, naming }) =>
    networkUnder(checkpoint, paths, prefix, naming)
  );
}

function placesIn({ inFile }: Paths): Place[] {
  const places: Place[] = [];
  for (const path of inFile.keys()) {
    for (const naming of namings) {
      const stem = naming.stems.find((stem) =>
        path === stem || path.endsWith(`.${stem}`)
      );
      if (stem === undefined) continue;
      const prefix = path.slice(0, -stem.length);
      if (!inFile.has(prefix + naming.firstBlock)) continue;
      places.push({ prefix, naming });
      break;
    }
  }
  return places;
}

/** @param above The wanted prefix with its last dot. */
function placesUnder(
  places: readonly Place[],
  above: string,
  wanted: string,
  { source }: Checkpoint,
): Place[] {
  const top = above === "." ? "" : above;
  const exact = places.filter(({ prefix }) => prefix === top);
  if (exact.length > 0) return exact;
  const below = places.filter(({ prefix }) => prefix.startsWith(above));
  if (below.length > 0) return below;
  throw new RangeError(
    expected(
      `"${source}": prefix`,
      shown(places) || "none, since it holds no ResNet",
      wanted,
    ),
  );
}

function shown(places: readonly Place[]): string {
  return few(
    places.map(({ prefix }) => JSON.stringify(prefix.replace(/\.$/, ""))),
  );
}
