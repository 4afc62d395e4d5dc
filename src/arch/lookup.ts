import {
  either,
  expected,
  requireInteger,
  requireOneOf,
} from "../errors/expected.ts";
import { nearest } from "../errors/nearest.ts";
import { type ArchRow, archTable } from "./table.ts";

/**
 * The row of a name, or the given row after a check.
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
      `there is no architecture "${arch}"; did you mean ${
        either(nearest(arch, archTable.keys()))
      }? archTable lists all`,
    );
  }
  checkRow(arch);
  return arch;
}

/** The integers of a row, and their least values. */
const integers = {
  groups: 1,
  widthPerGroup: 1,
  numClasses: 0,
  inChannels: 1,
} as const;

/** The switches of a row. */
const switches = ["strideInConv1", "deepStem", "avgDown"] as const;

function checkRow(row: ArchRow): void {
  if (typeof row !== "object" || row === null) {
    throw new TypeError(
      expected("arch", "a name or a row { name, block, layers }", row),
    );
  }
  const { name, block, layers } = row;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(expected("arch.name", "a string", name));
  }
  requireOneOf(`${name}.block`, block, ["BasicBlock", "Bottleneck"]);
  const isDepth = (n: unknown) => Number.isSafeInteger(n) && (n as number) > 0;
  if (!isListOf(layers, 4, isDepth)) {
    throw new RangeError(
      expected(`${name}.layers`, "four positive integers", layers),
    );
  }
  for (const [key, least] of Object.entries(integers)) {
    const value = row[key as keyof typeof integers];
    if (value !== undefined) requireInteger(`${name}.${key}`, value, least);
  }
  for (const key of switches) {
    const value = row[key];
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(expected(`${name}.${key}`, "true or false", value));
  }
  const { groups = 1, widthPerGroup = 64, replaceStrideWithDilation } = row;
  if (
    replaceStrideWithDilation !== undefined &&
    !isListOf(replaceStrideWithDilation, 3, (d) => typeof d === "boolean")
  ) {
    throw new RangeError(expected(
      `${name}.replaceStrideWithDilation`,
      "three booleans",
      replaceStrideWithDilation,
    ));
  }
  const { normEps = 0 } = row;
  if (!(normEps >= 0 && normEps < Infinity)) {
    throw new RangeError(
      expected(`${name}.normEps`, "a number of at least 0", normEps),
    );
  }
  if (block === "Bottleneck") return;
  if (replaceStrideWithDilation?.includes(true)) {
    throw new RangeError(
      `${name}: BasicBlock has no dilation, as in torchvision; use Bottleneck`,
    );
  }
  if (groups !== 1 || widthPerGroup !== 64) {
    throw new RangeError(
      `${name}: BasicBlock has groups 1 and widthPerGroup 64, as in torchvision; use Bottleneck`,
    );
  }
}

function isListOf(
  value: unknown,
  length: number,
  isGood: (item: unknown) => boolean,
): boolean {
  return Array.isArray(value) && value.length === length && value.every(isGood);
}
