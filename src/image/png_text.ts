/**
 * EXIF in the text of PNG files, as ImageMagick writes it.
 *
 * @module
 */

import { inflateZlib } from "./zlib.ts";

/** The name of the text. */
const KEYWORD = "Raw profile type exif";

/** Bytes of text to inflate; PIL's limit. */
const MOST = 2 ** 20;

const latin1 = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** Whether a chunk is the text `Raw profile type exif`, in tEXt, zTXt or iTXt. */
export function isRawProfile(type: string, data: Uint8Array): boolean {
  return ["tEXt", "zTXt", "iTXt"].includes(type) &&
    latin1(data.subarray(0, KEYWORD.length + 1)) === `${KEYWORD}\0`;
}

/** The EXIF block in such a text: hexadecimal after three lines. Nothing if it is damaged. */
export async function readRawProfile(
  { type, data }: { readonly type: string; readonly data: Uint8Array },
): Promise<Uint8Array | undefined> {
  const start = KEYWORD.length + 1;
  // After the keyword: zTXt has its method; iTXt a flag, its method, a language and a translation.
  const isPacked = type === "zTXt" || type === "iTXt" && data[start] === 1;
  let at = start + (type === "zTXt" ? 1 : 0);
  if (type === "iTXt") {
    const language = data.indexOf(0, start + 2);
    const translation = data.indexOf(0, language + 1);
    if (language < 0 || translation < 0) return;
    at = translation + 1;
  }
  const packed = data.subarray(at);
  try {
    const text = isPacked ? (await inflateZlib(packed, MOST)).content : packed;
    const hex = latin1(text).split("\n").slice(3).join("");
    if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) return;
    const pairs = hex.match(/../g) ?? [];
    return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
  } catch {
    // The picture is fine without it.
  }
}
