/**
 * Small `.npz` files, whole in memory: numeric arrays, and `about`, a string of JSON.
 *
 * @module
 */

import { failReading } from "../errors/fail.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import { createZip } from "./create_zip.ts";
import type { ElementArray } from "./elements.ts";
import { type Json, parseJsonObject } from "./json.ts";
import { decodeNpy, encodeNpy, type NpyArray } from "./npy.ts";
import { decodeNpyText, encodeNpyText } from "./npy_text.ts";
import { openZip } from "./zip.ts";

/** An open file; the caller closes its source. */
export interface Npz {
  /** What it says of itself; empty if it has no `about`. */
  readonly about: Json;
  /** The names of the other arrays. */
  readonly names: readonly string[];
  /**
   * Reads a numeric array.
   *
   * @throws {SyntaxError} If it is missing, isn't numeric, or has over a gigabyte.
   */
  read(name: string): Promise<NpyArray>;
}

/** An array to write. */
export interface NpzArray {
  readonly data: ElementArray;
  readonly shape: readonly number[];
}

/** Writes such a file, uncompressed; the same content gives the same bytes. */
export async function encodeNpz(
  arrays: Readonly<Record<string, NpzArray>>,
  about: Json,
): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const bytes = new Response(readable as ReadableStream).bytes();
  const zip = await createZip(writable);
  for (const [name, { data, shape }] of Object.entries(arrays)) {
    await zip.add(`${name}.npy`, encodeNpy(data, shape));
  }
  await zip.add("about.npy", encodeNpyText(JSON.stringify(about)));
  await zip.close();
  return await bytes;
}

/** The most bytes of an array; a file of less may be inflated to more. */
const most = 2 ** 30;

/** The most bytes of `about`: four million letters. */
const mostAbout = 2 ** 24;

/**
 * Opens such a file, or another `.npz`.
 *
 * @throws {SyntaxError} If it isn't one, or is damaged.
 */
export async function openNpz(source: ByteSource): Promise<Npz> {
  const zip = await openZip(source);
  const names = [...zip.entries.keys()].map((n) => n.replace(/\.npy$/, ""));
  const about = names.includes("about")
    ? decodeNpyText(await zip.read("about.npy", mostAbout), source.name)
    : "{}";
  return {
    about: parseJsonObject(
      new TextEncoder().encode(about),
      failReading(source.name),
    ),
    names: names.filter((name) => name !== "about"),
    read: async (name) =>
      decodeNpy(
        await zip.read(`${name}.npy`, most),
        `${source.name}: ${name}`,
      ),
  };
}
