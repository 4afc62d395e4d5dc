import assert from "node:assert/strict";

/** A fenced block of a page: the text of the n-th of its language. */
export async function fencedBlock(
  page: string,
  language: string,
  n = 0,
): Promise<string> {
  const text = await Deno.readTextFile(page);
  const fence = new RegExp("^```" + language + "\\n([^]*?)^```$", "gm");
  const found = [...text.matchAll(fence)][n];
  assert(found, `${page} has no block ${n} of ${language}`);
  return found[1];
}
