/**
 * What a packed file keeps of a network because no tensor shows it.
 *
 * @module
 */

import type { ArchRow } from "../arch/table.ts";
import { isRecord } from "../formats/json.ts";
import type { CheckpointMetadata } from "./checkpoint.ts";

type UntoldOptions = NonNullable<CheckpointMetadata["network"]>;

/** Those options of a row that aren't the default; undefined if all are. */
export function untoldOptions(row: ArchRow): UntoldOptions | undefined {
  const { replaceStrideWithDilation, strideInConv1, normEps } = row;
  const options = {
    ...replaceStrideWithDilation?.includes(true) &&
      { replaceStrideWithDilation },
    ...strideInConv1 && { strideInConv1 },
    ...normEps !== undefined && normEps !== 1e-5 && { normEps },
  };
  return Object.keys(options).length > 0 ? options : undefined;
}

/** Whether a value from a file is such options. */
export function isUntoldOptions(value: unknown): value is UntoldOptions {
  if (!isRecord(value)) return false;
  const { replaceStrideWithDilation: dilation, strideInConv1, normEps } = value;
  return (dilation === undefined ||
    Array.isArray(dilation) && dilation.length === 3 &&
      dilation.every((d) => typeof d === "boolean")) &&
    (strideInConv1 === undefined || typeof strideInConv1 === "boolean") &&
    (normEps === undefined ||
      typeof normEps === "number" && normEps >= 0 && normEps < Infinity);
}
