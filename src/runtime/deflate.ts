import { requireBuiltin } from "./builtin.ts";

/**
 * Starts deflating weights, in native code.
 *
 * A filter hardly ever repeats itself, and deflate's search finds short matches that cost more than
 * they save: 4 % in all. zlib alone can be told to look only for long ones.
 *
 * @returns A function from content to raw deflate.
 * @throws {Error} If there is no `node:zlib`, as in browsers.
 */
export function startDeflate(): (
  content: Uint8Array,
) => Uint8Array<ArrayBuffer> {
  const { constants, deflateRawSync } = requireBuiltin("node:zlib");
  const strategy = constants.Z_FILTERED;
  return (content) =>
    deflateRawSync(content, { level: 9, memLevel: 9, strategy }) as Uint8Array<
      ArrayBuffer
    >;
}
