/// <reference lib="dom" />
/**
 * torchvision's official weights by name.
 *
 * @module
 */

import { type WeightsEntry, weightsTable } from "../../src/weights/table.ts";
import { byId, make } from "./dom.ts";

/**
 * Lists the official weights; nothing is fetched before the button is pressed.
 *
 * @param fetch Called with the chosen ones.
 */
export function offerOfficialWeights(
  fetch: (entry: WeightsEntry) => void,
): void {
  const list = byId("official", HTMLSelectElement);
  list.append(...weightsTable.map(({ arch, name, fileSize }, i) =>
    make(
      "option",
      { value: `${i}` },
      `${arch} ${name.replace("IMAGENET1K_", "")} (${
        Math.round(fileSize * 1.048576)
      } MB)`,
    )
  ));
  byId("official-form", HTMLFormElement).onsubmit = (event) => {
    event.preventDefault();
    fetch(weightsTable[Number(list.value)]);
  };
}

/** What to do if official weights can't be fetched. */
export const cannotFetch = ({ url, mirrorUrl }: WeightsEntry): string => {
  const [host, mirror] = [url, mirrorUrl].map((text) => new URL(text).host);
  return `These weights can't be fetched from here: you are offline, or ${host} and ${mirror} ` +
    `don't let pages of other sites read their files (CORS). Download the file, then drop it here:`;
};
