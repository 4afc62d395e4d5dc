/** `layertap anomaly fit` and `layertap anomaly score`. */

import assert from "node:assert/strict";
import { main } from "../../src/cli/mod.ts";
import { decodeImage } from "../../mod.ts";

const pictures = "tests/data/anomaly";

async function layertap(...args: string[]) {
  let out = "", err = "";
  const status = await main(args, {
    stdout: { write: (text) => out += text },
    stderr: { write: (text) => err += text },
  });
  return { status, out, err };
}

Deno.test("anomaly fit writes a bank; anomaly score a table and maps", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bank = `${folder}/bank.npz`;
    const good = [0, 1, 2, 3, 4, 5].map((i) => `${pictures}/good_${i}.png`);
    const fit = await layertap("anomaly", "fit", ...good, "--out", bank);
    assert.equal(fit.err, "");
    assert.equal(fit.out, `${bank}: 39 x 384 of 6 pictures, 1 held out\n`);

    const csv = `${folder}/scores.csv`, maps = `${folder}/maps`;
    const files = [`${pictures}/good_0.png`, `${pictures}/scratched.png`];
    const score = await layertap(
      ...["anomaly", "score", bank, ...files],
      ...["--out", csv, "--maps", maps],
    );
    assert.equal(score.err, "");
    assert.match(score.out, /scores.csv: 2 pictures, threshold [\d.]+\n$/);
    const [header, ...lines] = (await Deno.readTextFile(csv)).split("\n");
    assert.equal(header, "path,score,map_max,anomalous,error");
    assert.match(lines[0], /good_0.png,[\d.]+,[\d.]+,false,$/);
    assert.match(lines[1], /scratched.png,[\d.]+,[\d.]+,true,$/);

    const [quiet, loud] = await Promise.all(
      ["good_0", "scratched"].map((name) => decodeImage(`${maps}/${name}.png`)),
    );
    // The picture at its own size, then the colour bar.
    assert.equal(loud.height, 64);
    assert(loud.width > 80);
    const colours = ({ width, data }: typeof loud) => {
      let count = 0;
      for (let i = 0; i < data.length / 3; i++) {
        const isGrey = data[3 * i] === data[3 * i + 1];
        if (i % width < 64 && !isGrey) count++;
      }
      return count;
    };
    assert(colours(loud) > colours(quiet), "the scratched one has more colour");

    const stdout = await layertap(
      ...["anomaly", "score", bank, files[1], "no.png", "--quantile", "0.5"],
    );
    assert.equal(stdout.status, 1);
    assert.match(stdout.out, /^path,.*\n.*scratched.png,.*,true,\nno.png,,,,/);
    assert.match(stdout.err, /1 of 2 pictures failed/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("anomaly: mistakes are told before anything is read", async () => {
  const cases: [string[], RegExp][] = [
    [[], /expected "anomaly fit" or "anomaly score", got "anomaly"/],
    [["find"], /got "anomaly find"/],
    [["fit", "x", "--out", "b.pt"], /--out: expected a name that ends in .npz/],
    [["fit", "x", "--out", "b.npz", "--coreset", "2"], /--coreset: expected a/],
    [["fit", "x", "--out", "b.npz", "--hold-out", "1"], /--hold-out: expected/],
    [["score", "b.npz", "x", "--out", "s.txt"], /--out: expected a name that/],
    [["score", "b.npz", "x", "--resume"], /--resume works only with a file/],
  ];
  for (const [args, message] of cases) {
    const { status, err } = await layertap("anomaly", ...args);
    assert.match(err, message);
    assert.equal(status, 2, err);
  }
  const help = await layertap("anomaly", "--help");
  assert.match(help.out, /Usage: layertap anomaly fit .*[^]*anomaly score/);
  const all = await layertap("--help");
  assert.match(all.out, /anomaly fit {2,}learn from good pictures/);
});
