import assert from "node:assert/strict";

/** The text of a page's n-th fenced block in a language; of a section, after `#` and its heading. */
export async function fencedBlock(
  page: string,
  language: string,
  n = 0,
): Promise<string> {
  const [path, heading] = page.split("#");
  let text = await Deno.readTextFile(path);
  if (heading) {
    const [, after] = text.split(new RegExp(`^#+ ${heading}$`, "m"));
    [text] = after.split(/^#{2,3} /m);
  }
  const found = fencedBlocks(text, language)[n];
  assert(found !== undefined, `${page} has no block ${n} of ${language}`);
  return found;
}

/** The fenced blocks of a page in a language; `ts ignore` is another language than `ts`. */
export function fencedBlocks(text: string, language: string): string[] {
  const fence = new RegExp("^```" + language + "\\n([^]*?)^```$", "gm");
  return [...text.matchAll(fence)].map(([, code]) => code);
}
