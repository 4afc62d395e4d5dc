/**
 * `deno task bench:photos [--python /usr/bin/python3] [--rounds 3] [--share 1] [arch…]`: JPEGs of
 * three sizes to features, from files, beside torchvision in Python; both also with PIL's draft.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Answer, contestants, run } from "./extract_contestants.ts";
import { load, machine } from "./machine.ts";
import { requireSame } from "./require_same.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

const { values, positionals } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    rounds: { type: "string", default: "3" },
    share: { type: "string", default: "1" },
  },
  allowPositionals: true,
});
const archs = positionals.length > 0 ? positionals : ["resnet18", "resnet50"];
const folder = "bench/models/photos";

/** Some pictures of a folder, sorted. */
function photos(size: string): string[] {
  const names = [...Deno.readDirSync(`${folder}/${size}`)].map(({ name }) =>
    name
  );
  const count = Math.max(16, Math.round(names.length * Number(values.share)));
  return names.sort().slice(0, count).map((name) =>
    `${folder}/${size}/${name}`
  );
}

/** CPU milliseconds of a picture. */
interface Parts {
  readonly decode: number;
  readonly resize: number;
  readonly network: number;
}

const commands = contestants(values.python);
const { Layertap: ours } = commands;
const parts = [
  ...ours.slice(0, -1),
  ours.at(-1)!.replace("_layertap", "_parts"),
];

async function compare(arch: string, size: string): Promise<void> {
  const pictures = photos(size);
  const weights = `bench/models/${arch}.pth`;
  const rates = new Map<string, number[]>();
  const cpu = new Map<string, number[]>();
  const references: (Answer | undefined)[] = [];
  const before = load();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const draft of [0, 1]) {
      for (const [name, command] of Object.entries(commands)) {
        const full = draft ? `${name}, draft` : name;
        const answer = await run([
          ...[...command, arch, weights, `${draft}`],
          ...pictures,
        ]);
        if (typeof answer === "string") {
          if (round === 0) console.log(`skipped ${full}: ${answer}`);
          continue;
        }
        // Debian's PIL has an older libjpeg-turbo, of the same pixels for these photos.
        const { last } = references[draft] ??= answer;
        requireSame(full, answer.last, last);
        const all = rates.get(full) ?? [];
        rates.set(full, [...all, pictures.length / answer.seconds]);
        const perPicture = 1000 * answer.cpuSeconds / pictures.length;
        cpu.set(full, [...cpu.get(full) ?? [], perPicture]);
      }
    }
  }
  console.log(`\n## ${pictures.length} ${size} photos, ${arch}\n`);
  const rate = (name: string) => median(rates.get(name) ?? [NaN]);
  const cost = (name: string) => median(cpu.get(name) ?? [NaN]).toFixed(1);
  const rows = [[
    "",
    "pictures/s",
    "of torchvision's",
    "CPU ms",
    "decode",
    "resize",
    "network",
    "of the parts'",
  ]];
  for (const [draft, suffix] of ["", ", draft"].entries()) {
    const measured = await run<Parts>([
      ...[...parts, arch, weights, `${draft}`],
      ...pictures.slice(0, 9),
    ]);
    if (typeof measured === "string") throw new Error(measured);
    const { decode, resize, network } = measured;
    const most = navigator.hardwareConcurrency * 1000 /
      (decode + resize + network);
    const our = rate(`Layertap${suffix}`), their = rate(`torchvision${suffix}`);
    rows.push([
      `Layertap${suffix}`,
      our.toFixed(1),
      (our / their).toFixed(2),
      cost(`Layertap${suffix}`),
      ...[decode, resize, network].map((ms) => ms.toFixed(1)),
      (our / most).toFixed(2),
    ], [
      `torchvision${suffix}`,
      their.toFixed(1),
      "",
      cost(`torchvision${suffix}`),
      ...["", "", "", ""],
    ]);
  }
  console.log(table(rows));
  console.log(
    `\nMedian of ${values.rounds} rounds; parts: CPU ms of a picture on one core; ` +
      `load ${before} before, ${load()} after`,
  );
}

console.log(machine());
for (const arch of archs) {
  for (const size of ["phone", "screen", "small"]) await compare(arch, size);
}
