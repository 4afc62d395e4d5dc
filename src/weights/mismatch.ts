/**
 * Errors for checkpoints that aren't the network that was asked for: what is wrong, what they look
 * like, what to do. One or two lines.
 *
 * @module
 */

import type { ArchRow } from "../arch/table.ts";
import { asIs, expected, few } from "../errors/expected.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Differences } from "./differences.ts";
import { looksLike, parametrisation, unreadable } from "./look_alike.ts";

/** The error for a checkpoint without any ResNet. */
export function explainNone(
  { source, tensors }: Checkpoint,
  arch: ArchRow | undefined,
): Error {
  const names = few(tensors.keys()) || "no tensors";
  const why = unreadable(tensors) ?? parametrisation(tensors.keys());
  const like = looksLike(tensors, [...tensors.keys()], arch?.name);
  const ErrorClass = arch ? TypeError : RangeError;
  return new ErrorClass(
    expected(
      `no ResNet in "${source}"`,
      "conv1.weight and layer1.0.conv1.weight",
      asIs(names),
      why ?? (like && `it looks like ${like}`),
    ),
  );
}

/**
 * The error for a network that differs.
 *
 * @param names Paths of all that stands under the network's prefix.
 * @param linear Linear layers outside, one of which may be the head.
 */
export function explainMismatch(
  { source, tensors }: Checkpoint,
  { name: arch, inChannels = 3 }: ArchRow,
  { missing, misshapen, unfit, unknown }: Differences,
  names: readonly string[],
  linear: readonly string[],
): TypeError {
  const kinds = [
    ["missing", missing],
    ["of another shape", misshapen],
    ["that can't be used", unfit],
    ["unexpected", unknown],
  ] as const;
  const present = kinds.filter(([, names]) => names.length > 0);
  // At most three names in all.
  const most = present.length > 1 ? 1 : 3;
  const counts = present.map(([what, names], i) => {
    const noun = i > 0 ? "" : names.length === 1 ? " tensor" : " tensors";
    return `${names.length}${noun} ${what} (${few(names, most)})`;
  });
  const why = unreadable(tensors) ?? parametrisation(tensors.keys()) ??
    headHint(missing, tensors, linear) ?? normHint(missing) ??
    channelHint(tensors, inChannels) ?? lookHint(tensors, names, arch);
  const isStrict = present.every(([what]) => what === "unexpected");
  const hints = [why, isStrict && "strict: false passes them over"]
    .filter(Boolean).map((hint) => `; ${hint}`);
  return new TypeError(
    `"${source}" doesn't match ${arch}: ${counts.join(", ")}${hints.join("")}`,
  );
}

/** What to do if nothing but the head is missing. */
function headHint(
  missing: readonly string[],
  tensors: Checkpoint["tensors"],
  outside: readonly string[],
): string | undefined {
  const isHeadless = missing.length > 0 &&
    missing.every((name) => name.startsWith("fc."));
  if (!isHeadless) return undefined;
  const linear = [...tensors.keys()]
    .filter((name) => /^fc\..*weight$/.test(name)).sort();
  return linear.length > 0
    ? `fc isn't one linear layer: it has ${
      few(linear)
    }; create the model with outputLayer "flatten"`
    : `the file has no head (fc)${
      outside.length > 0 ? `, only ${few(outside)}` : ""
    }; create the model with outputLayer "flatten"`;
}

/** What norms without statistics are. */
function normHint(missing: readonly string[]): string | undefined {
  const areStatistics = missing.length > 0 &&
    missing.every((name) => /running_(mean|var)$/.test(name));
  return areStatistics
    ? "its norms keep no statistics, as group norms do"
    : undefined;
}

function channelHint(
  tensors: Checkpoint["tensors"],
  inChannels: number,
): string | undefined {
  const channels = tensors.get("conv1.weight")?.shape;
  return channels?.[2] === 7 && channels[1] !== inChannels
    ? `its pictures have ${channels[1]} channel${
      channels[1] === 1 ? "" : "s"
    }: pass inChannels: ${channels[1]}`
    : undefined;
}

function lookHint(
  tensors: Checkpoint["tensors"],
  names: readonly string[],
  arch: string,
): string | undefined {
  const like = looksLike(tensors, names, arch);
  return like && `it looks like ${like}`;
}
