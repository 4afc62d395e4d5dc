/**
 * A row of the table in docs/places.md: what one place shows.
 *
 * @module
 */

import type { Outcome } from "./check.ts";
import type { Project } from "./project.ts";

/** What one place shows. */
export interface Row {
  /** The place and its versions. */
  readonly place: string;
  readonly outcome: Outcome;
  /** The size of what a page loads first. */
  readonly bundle?: string;
  readonly configured: string;
  /** Whether the place has one thread only. Default: all that are asked for run. */
  readonly single?: boolean;
  /** The most memory, and what else a host limits. */
  readonly peak?: string;
}

/** A place, and how its rows are found. */
export interface Place {
  readonly name: string;
  /** Whether the short form has it. */
  readonly short?: boolean;
  ask(project: Project): Promise<Row | readonly Row[]>;
}

/** Places that share an npm project. */
export interface Family {
  readonly name: string;
  /** What the project needs from npm, in exact versions. */
  readonly packages: readonly string[];
  readonly places: readonly Place[];
}

/** Throws if the numbers are wrong, or other threads run than the place can have. */
export function requireRight({ outcome, single }: Row): void {
  const { asked, info, difference, largest, failed } = outcome;
  const threads = single ? 1 : asked;
  const wrong = [...failed];
  if (!(difference < 2e-5 * largest)) wrong.push(`${difference} off`);
  if (info.running !== threads) {
    wrong.push(`${info.running} of ${threads} threads: ${info.fallback}`);
  }
  if (wrong.length) throw new Error(wrong.join("; "));
}

const heads = [
  ...["place", "threads asked", "running", "build", "largest difference"],
  ...["entry, gzip", "peak memory, CPU", "configured"],
];

/** The table in Markdown. */
export function table(rows: readonly Row[]): string {
  return [heads, heads.map(() => "---"), ...rows.map(cells)]
    .map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cells(
  { place, outcome, bundle = "", peak = "", configured }: Row,
): string[] {
  const { asked, info, difference, largest } = outcome;
  return [
    place,
    `${asked}`,
    info.fallback ? `${info.running}: ${info.fallback}` : `${info.running}`,
    info.build,
    `${difference.toExponential(1)} of ${largest.toFixed()}`,
    bundle,
    peak,
    configured,
  ];
}
