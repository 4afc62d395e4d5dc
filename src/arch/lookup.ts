import { nearest, quoted } from "../errors/nearest.ts";
import { type ArchRow, archTable } from "./table.ts";

/**
 * The row of a name, or the given row after it was checked.
 *
 * @param arch A name of {@linkcode archTable}, or a row of the caller's own.
 * @throws {RangeError} If the name is unknown, or a number of the row is out of bounds.
 * @throws {TypeError} If it is neither a name nor a row.
 */
export function archRow(arch: string | ArchRow): ArchRow {
  if (typeof arch === "string") {
    const row = archTable.get(arch);
    if (row) return row;
    throw new RangeError(
      `no architecture "${arch}": the nearest are ${
        quoted(nearest(arch, archTable.keys()))
      }; archTable holds all, and a row of your own is taken too`,
    );
  }
  checkRow(arch);
  return arch;
}

function checkRow(row: ArchRow): void {
  if (typeof row !== "object" || row === null) {
    throw new TypeError(
      `cannot build an architecture: got ${
        row === null ? "null" : typeof row
      }, a name or a row { name, block, layers } is allowed`,
    );
  }
  if (typeof row.name !== "string" || row.name === "") {
    throw new TypeError(
      `cannot build an architecture: its name is ${
        JSON.stringify(row.name)
      }, a string that is not empty is allowed`,
    );
  }
  const what = `cannot build architecture "${row.name}"`;
  if (row.block !== "BasicBlock" && row.block !== "Bottleneck") {
    throw new RangeError(
      `${what}: block is ${
        JSON.stringify(row.block)
      }, "BasicBlock" and "Bottleneck" are allowed`,
    );
  }
  if (
    !Array.isArray(row.layers) || row.layers.length !== 4 ||
    !row.layers.every((blocks) => isInteger(blocks, 1))
  ) {
    throw new RangeError(
      `${what}: layers is ${
        JSON.stringify(row.layers)
      }, four positive integers are allowed`,
    );
  }
  for (
    const [key, least] of [
      ["groups", 1],
      ["widthPerGroup", 1],
      ["numClasses", 0],
      ["inChannels", 1],
    ] as const
  ) {
    const value = row[key];
    if (value !== undefined && !isInteger(value, least)) {
      throw new RangeError(
        `${what}: ${key} is ${value}, integers from ${least} up are allowed`,
      );
    }
  }
  const { groups = 1, widthPerGroup = 64, replaceStrideWithDilation } = row;
  const dilations = replaceStrideWithDilation as unknown;
  if (
    dilations !== undefined &&
    !(Array.isArray(dilations) && dilations.length === 3 &&
      dilations.every((dilate) => typeof dilate === "boolean"))
  ) {
    throw new RangeError(
      `${what}: replaceStrideWithDilation is ${
        JSON.stringify(dilations)
      }, three booleans are allowed`,
    );
  }
  if (row.block === "BasicBlock" && replaceStrideWithDilation?.includes(true)) {
    throw new RangeError(
      `${what}: replaceStrideWithDilation is ${
        JSON.stringify(dilations)
      }, with BasicBlock none may be true, as in torchvision`,
    );
  }
  if (row.block === "BasicBlock" && (groups !== 1 || widthPerGroup !== 64)) {
    throw new RangeError(
      `${what}: groups is ${groups} and widthPerGroup ${widthPerGroup}, ` +
        `with BasicBlock only 1 and 64 are allowed, as in torchvision`,
    );
  }
}

function isInteger(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
