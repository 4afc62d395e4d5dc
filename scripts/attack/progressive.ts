/**
 * JPEGs whose scans or tables are many: each scan passes over the whole picture.
 *
 * @module
 */

import { answered, type Attack, type Target } from "./attack.ts";
import { jpegBomb, jpegTables } from "./pictures.ts";

const post = async (target: Target, ...args: Parameters<typeof jpegBomb>) =>
  await target.post("/features?pool=avg", jpegBomb(...args));

/** Attacks by scans; a progressive picture of 49 megapixels is the measure. */
export const progressive: readonly Attack[] = [
  {
    name: "64 scans of 49 megapixels, and more",
    target: "server",
    good: async (target) => answered(await post(target, 7000, 9), 200),
    async bad(target) {
      answered(await post(target, 7000, 63), 200);
      answered(await post(target, 7000, 64), 422, /more than 64 scans/);
      answered(await post(target, 100, 20_000), 422, /more than 64 scans/);
      return "64 scans decoded";
    },
  },
  {
    name: "a million Huffman tables",
    target: "server",
    isShort: true,
    good: async (target) => answered(await post(target, 5000, 9), 200),
    async bad(target) {
      const file = jpegTables(1_000_000);
      answered(
        await target.post("/features", file),
        422,
        /more than 512 Huffman tables/,
      );
      return "512 tables";
    },
  },
];
