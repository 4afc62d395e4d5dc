/**
 * Runs the npm package in many places, and writes the table of docs/places.md:
 * `deno task test:places [short] [family…]`. Only a run of all families writes it.
 *
 * Needs npx and Chromium, and on Debian `firefox-esr`, `webkit2gtk-driver` and `xvfb`.
 *
 * @module
 */

import { bundlers } from "./bundlers.ts";
import { nextjs } from "./next.ts";
import { cloudflare } from "./cloudflare.ts";
import { newcomer } from "./newcomer.ts";
import { Workshop } from "./project.ts";
import { hosts } from "./hosts.ts";
import { pages } from "./pages.ts";
import { type Family, requireRight, type Row, table } from "./row.ts";
import { scripts } from "./scripts.ts";
import { vite } from "./vite.ts";

const families: readonly Family[] = [
  scripts,
  vite,
  bundlers,
  nextjs,
  newcomer,
  cloudflare,
  pages,
  hosts,
];

const short = Deno.args.includes("short");
const names = Deno.args.filter((name) => name !== "short");
const rows: Row[] = [];
let failures = 0;

/** Keeps the row of each place whose numbers and threads are right. */
async function visit(workshop: Workshop, family: Family): Promise<void> {
  const places = family.places.filter((place) => !short || place.short);
  if (places.length === 0) return;
  const project = await workshop.project(
    ...[family.name, workshop.tarball, ...family.packages] as const,
  );
  for (const { name, ask } of places) {
    try {
      for (const row of [await ask(project)].flat()) {
        requireRight(row);
        rows.push(row);
        const { info, difference } = row.outcome;
        console.log(`ok: ${row.place}: ${info.running} threads, ${difference}`);
      }
    } catch (error) {
      failures++;
      console.error(`failed: ${name}: ${(error as Error).message}`);
    }
  }
}

{
  await using workshop = await Workshop.open();
  for (const family of families) {
    if (names.length && !names.includes(family.name)) continue;
    await visit(workshop, family);
  }
}
console.log(table(rows));
if (!short && !names.length && failures === 0) {
  const docs = new URL("../../docs/places.md", import.meta.url);
  const text = await Deno.readTextFile(docs);
  const between = /(<!-- table -->)[^]*(<!-- end -->)/;
  const filled = text.replace(between, `$1\n\n${table(rows)}\n\n$2`);
  await Deno.writeTextFile(docs, filled); // `deno fmt` aligns it.
}
console.log(`${rows.length} passed, ${failures} failed`);
Deno.exit(failures === 0 ? 0 : 1);
