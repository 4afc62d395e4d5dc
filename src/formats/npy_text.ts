/**
 * NumPy's strings in `.npy` files: UTF-32, padded with zeros.
 *
 * @module
 */

import { failReading } from "../errors/fail.ts";
import { concat } from "./concat.ts";
import { npyTextHeader } from "./npy.ts";

/** The bytes of a string in an array of strings of this length. */
export function textBytes(
  text: string,
  length: number = [...text].length,
): Uint8Array<ArrayBuffer> {
  const characters = new Uint32Array(length);
  [...text].forEach((c, i) => characters[i] = c.codePointAt(0)!);
  return new Uint8Array(characters.buffer);
}

/** A whole `.npy` file of one string, without dimensions. */
export function encodeNpyText(text: string): Uint8Array<ArrayBuffer> {
  return concat([npyTextHeader([...text].length, []), textBytes(text)]);
}

/**
 * Reads such a file, or its beginning.
 *
 * @param source The file's name, for messages.
 * @throws {SyntaxError} If it is cut short.
 */
export function decodeNpyText(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): string {
  const cut = () => failReading(source)("the .npy header is cut short");
  if (bytes.length < 10) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const offset = 10 + view.getUint16(8, true);
  if (bytes.length < offset) throw cut();
  const count = Math.floor((bytes.length - offset) / 4);
  return Array.from({ length: count }, (_, i) => {
    const point = view.getUint32(offset + 4 * i, true);
    return point < 0x110000 ? String.fromCodePoint(point) : "";
  }).join("");
}
