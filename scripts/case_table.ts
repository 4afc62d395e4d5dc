/**
 * Prints the table of docs/which_network.md: files that hold several networks, or another one, and what is
 * said of each.
 *
 *     deno run --allow-read=tests/data/cases scripts/case_table.ts
 *
 * @module
 */

import { gunzipSync } from "node:zlib";
import { archRow } from "../src/arch/lookup.ts";
import { type ArchRow, withoutClasses } from "../src/arch/table.ts";
import { chooseNetwork } from "../src/weights/choose_network.ts";
import { openCheckpoint } from "../src/weights/open.ts";

const folder = new URL("../tests/data/cases/", import.meta.url);

/** The files of the table: kinds, and those of a kind that say the same as another. */
const kinds = ["two_encoders", "several_networks", "another_network"];
const alike = [
  /two_encoders\/(\w+\.safetensors|moco_v2|moco_ema|solo_learn|query_words|one_storage|whole_and_part|target_alone|keypoint)/,
  /several_networks\/(module_list|two_branches|folds|generator|wrong_prefix|nan|two_stream|clip_pair)/,
  /another_network\/(resnet34_as|resnet101_as|resnet152_as|parallel_as|resnet18d|four_channels|iresnet50|cifar_w|clip_visual|densenet|efficientnet|mobilenet|video)/,
];

/** A file, what it is, and what is said of it. */
export interface Row {
  readonly file: string;
  readonly what: string;
  readonly said: string;
}

/** The rows of the table. */
export async function caseTable(): Promise<Row[]> {
  const { rows, files } = JSON.parse(
    await Deno.readTextFile(new URL("cases.json", folder)),
  );
  const table: Row[] = [];
  for (const { file, kind, what, tries: [{ arch, outputLayer }] } of files) {
    if (!kinds.includes(kind) || alike.some((name) => name.test(file))) {
      continue;
    }
    const row = arch && (rows[arch] ?? withoutClasses(archRow(arch)));
    table.push({ file, what, said: await saidOf(file, row, outputLayer) });
  }
  return table;
}

async function saidOf(
  file: string,
  arch: ArchRow | null,
  outputLayer: string,
): Promise<string> {
  const packed = await Deno.readFile(new URL(`${file}.gz`, folder));
  const checkpoint = await openCheckpoint(new Uint8Array(gunzipSync(packed)));
  const own = (text: string) =>
    text.replace(/ in "bytes"/, "").replace(/"bytes":? /, "");
  try {
    const { notes, prefix } = chooseNetwork(checkpoint, {
      arch: arch ?? undefined,
      outputLayer,
    });
    return notes.map(own).join("; ") || `takes "${prefix}", without a note`;
  } catch (error) {
    return `refused: ${own((error as Error).message)}`;
  } finally {
    checkpoint.close();
  }
}

/** Markdown of the table. */
export function markdown(rows: readonly Row[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    "| file | what is said |",
    "| --- | --- |",
    ...rows.map(({ what, said }) => `| ${cell(what)} | ${cell(said)} |`),
  ].join("\n");
}

if (import.meta.main) console.log(markdown(await caseTable()));
