/**
 * Pictures from other servers, if the operator allows their hosts.
 *
 * @module
 */

import { fetchAllowed } from "../runtime/fetch_allowed.ts";
import { readBody } from "./body.ts";
import type { Settings } from "./options.ts";
import { Problem } from "./problem.ts";
import type { PictureFile } from "./task.ts";

/**
 * Fetches pictures, one after the other. The limit of a body applies to all of them together.
 *
 * @throws {Problem} 422 if a URL is not allowed or can't be fetched; 413.
 */
export async function fetchPictures(
  urls: readonly string[],
  { allowedHosts, limits }: Settings,
  signal: AbortSignal,
): Promise<PictureFile[]> {
  const pictures: PictureFile[] = [];
  const { bodySeconds } = limits;
  let { maxBytes } = limits;
  for (const name of urls) {
    const fetching = { allowedHosts, seconds: bodySeconds, signal };
    const response = await fetchAllowed(name, fetching).catch((error) => {
      signal.throwIfAborted();
      throw new Problem(422, error.message);
    });
    const left = { maxBytes, bodySeconds };
    const bytes = await readBody(response, left, signal, `"${name}"`, 422);
    maxBytes -= bytes.length;
    pictures.push({ name, bytes });
  }
  return pictures;
}
