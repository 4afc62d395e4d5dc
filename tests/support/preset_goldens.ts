/** What timm and transformers make of configs: `scripts/make_preset_goldens.py`. */

import type { Preset } from "../../src/arch/preset.ts";
import type { ArchRow } from "../../src/arch/table.ts";

/** A preset as the goldens have it. */
export interface GoldenPreset extends Omit<Preset, "cropRounding"> {
  readonly cropRounds?: "down";
  readonly pixels: readonly {
    readonly picture: string;
    readonly offset: number;
    readonly length: number;
    readonly cropSha256: string;
  }[];
}

/** A repository. */
export interface GoldenRepository {
  readonly name: string;
  readonly files: Readonly<Record<string, Record<string, unknown>>>;
  readonly arch?: Omit<ArchRow, "name">;
  readonly default?: GoldenPreset;
  readonly test?: GoldenPreset;
  readonly prefix?: string;
  readonly classes?: readonly string[];
  readonly refused?: readonly string[];
}

const folder = new URL("../data/presets/", import.meta.url);

/** All repositories. */
export const repositories: readonly GoldenRepository[] = JSON.parse(
  Deno.readTextFileSync(new URL("repositories.json", folder)),
);

/** The preset in this package's words. */
export function presetOf(
  { pixels: _, cropRounds, ...preset }: GoldenPreset,
): Preset {
  return { ...preset, ...cropRounds && { cropRounding: cropRounds } };
}
