// stock: no, it tests files, not the kernels
/** extractToFile: every format, and a stopped run that resumes. */

import assert from "node:assert/strict";
import { createModel, type ResNet } from "../../mod.ts";
import {
  extractFiles,
  type ExtractReport,
  extractToFile,
  type ExtractToFileOptions,
  type FileFeatures,
} from "../../src/extract/mod.ts";
import { decodeFloat16, encodeFloat16 } from "../../src/formats/float16.ts";
import { decodeNpy, encodeNpy } from "../../src/formats/npy.ts";
import {
  inFolder,
  pictures,
  readNpz,
  readParquet,
  readSafetensors,
  tiny,
} from "./support.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { uniform } from "../support/uniform.ts";

const model = await createModel(tiny, null, formulaCheckpoint(tiny));
const files = [pictures[0], "no.png", ...pictures, ...pictures, "none.png"];
const names = ["layer4", "flatten"];
const features = await Array.fromAsync(extractFiles(model, files, names));

const extract = (
  out: string,
  options?: ExtractToFileOptions,
  nodes = names,
): Promise<ExtractReport> => extractToFile(model, files, nodes, out, options);

/** The expected values of a node, picture after picture. */
const wanted = (node: string, of: readonly FileFeatures[] = features) =>
  of.flatMap(({ values }) =>
    values ? [...values[node].data] : Array(
      features[0].values![node].data.length,
    ).fill(NaN)
  );

const namesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("extractToFile: the formats", () =>
  inFolder(async (folder) => {
    const read = async (
      name: string,
      options?: ExtractToFileOptions,
      nodes?: string[],
    ) => {
      const out = `${folder}/${name}`;
      assert.deepEqual(await extract(out, options, nodes), {
        count: 11,
        failed: 2,
        reasons: [
          'cannot open "no.png": there is no such file',
          'cannot open "none.png": there is no such file',
        ],
      });
      return await Deno.readFile(out);
    };

    const { arrays, paths, about } = readNpz(await read("f.npz"));
    assert.deepEqual(about, {
      arch: "tiny",
      layout: "nchw",
      pool: "none",
      preset: model.preset,
      fingerprints: {
        layer4: await model.fingerprint("layer4"),
        flatten: await model.fingerprint("flatten"),
      },
    });
    assert.deepEqual(paths, files);
    assert.deepEqual(arrays.get("layer4")!.shape, [11, 512, 7, 7]);
    assert.deepEqual([...arrays.get("layer4")!.data], wanted("layer4"));
    assert.deepEqual([...arrays.get("flatten")!.data], wanted("flatten"));

    const twice = ["flatten", "flatten"];
    const npy = decodeNpy(await read("f.NPY", {}, twice), "f.npy");
    assert.deepEqual(npy.shape, [11, 512]);
    assert.deepEqual([...npy.data as Float32Array], wanted("flatten"));

    const tensors = await read("f.safetensors", { dtype: "float16" });
    const { dtype, shape, bytes } = readSafetensors(tensors).get("layer4")!;
    const header = new TextDecoder().decode(tensors.subarray(8, 4096));
    const [, layertap] = /"__metadata__":\{"layertap":("(?:\\.|[^"])*")\}/
      .exec(header)!;
    assert.deepEqual(JSON.parse(JSON.parse(layertap)), about);
    assert.deepEqual([dtype, shape], ["F16", [11, 512, 7, 7]]);
    const half = decodeFloat16(
      encodeFloat16(Float32Array.from(wanted("layer4"))),
    );
    assert.deepEqual(decodeFloat16(new Uint16Array(bytes.buffer)), half);

    const rows = await readParquet(await read("f.parquet", { pool: "max" }));
    assert.deepEqual(rows.map(({ path }) => path), files);
    for (const [i, { values }] of features.entries()) {
      const flat = values && [...values.flatten.data];
      assert.deepEqual(rows[i].flatten ?? undefined, flat);
      const max = values && Array.from({ length: 512 }, (_, c) =>
        Math.max(...values.layer4.data.subarray(c * 49, (c + 1) * 49)));
      assert.deepEqual(rows[i].layer4 ?? undefined, max);
    }

    const text = new TextDecoder().decode(
      await read("f.jsonl", { jsonValues: "plain" }),
    );
    const lines = text.trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assert.equal(
      lines[10].error,
      'cannot open "none.png": there is no such file',
    );
    assert.deepEqual(
      lines[9].layer4.flat(2).map(Math.fround),
      [...features[9].values!.layer4.data],
    );
    assert.equal((await namesIn(folder)).length, 5, "nothing else is left");
  }));

/** Yields `stop` files, waits, yields some more, and throws. */
async function* stopping(stop: number): AsyncGenerator<string> {
  yield* many.slice(0, stop);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  // Reading ahead asks for these before the batch before them is committed.
  yield* many.slice(stop, stop + 16);
  throw new Error("stopped");
}

const many = Array.from(
  { length: 40 },
  (_, i) => i % 9 === 4 ? `no${i}.png` : pictures[i % 4],
);

Deno.test("extractToFile: a stopped run resumes and gives the same bytes", () =>
  inFolder(async (folder) => {
    const run = (
      files: readonly string[] | AsyncIterable<string>,
      name: string,
      options?: ExtractToFileOptions,
    ) =>
      extractToFile(model, files, ["conv1", "layer1"], `${folder}/${name}`, {
        pool: "avg",
        ...options,
      });
    const report = await run(many, "whole.npz");
    const whole = await Deno.readFile(`${folder}/whole.npz`);

    await assert.rejects(run(stopping(18), "f.npz"), { message: "stopped" });
    assert.deepEqual(await namesIn(folder), ["f.npz.part", "whole.npz"]);
    const part = `${folder}/f.npz.part`;
    const journal = await Deno.readTextFile(`${part}/journal`);
    const rows = journal.trimEnd().split("\n")
      .map((line) => JSON.parse(line.slice(line.indexOf(" "))))
      .flatMap(({ rows = [] }) => rows);
    assert(
      rows.length > 8 && rows.length < 34,
      `${rows.length} rows are there`,
    );

    await assert.rejects(run(many, "f.npz"), {
      message: `"${part}" holds an unfinished run; ` +
        "resume it, or delete the folder to start over",
    });
    await assert.rejects(
      run(many, "f.npz", { resume: true, pool: "max" }),
      {
        message:
          `cannot resume the run in "${part}": pool was "avg", now it is "max"; use the same options, or delete the folder to start over`,
      },
    );
    await assert.rejects(run(many.toReversed(), "f.npz", { resume: true }), {
      message: `cannot resume: picture 1 was "${many[0]}", now it is "${
        many[39]
      }"; pass the same files in the same order`,
    });
    await assert.rejects(run(many.slice(0, 5), "f.npz", { resume: true }), {
      message: `cannot resume: picture 6 was "${
        many[5]
      }", now the list ends before it; pass the same files in the same order`,
    });

    // As a kill leaves it: an incomplete line, and data after the last commit.
    await Deno.writeTextFile(`${part}/journal`, '{"rows":[{"pa', {
      append: true,
    });
    await Deno.writeFile(`${part}/0.bin`, new Uint8Array(1234).fill(7), {
      append: true,
    });
    const done: number[] = [];
    const options = {
      resume: true,
      onProgress: (pictures: number) => done.push(pictures),
    };
    assert.deepEqual(await run(many, "f.npz", options), report);
    assert(done[0] > rows.length, "it started over");
    assert.equal(done.at(-1), 40);
    assert.deepEqual(await Deno.readFile(`${folder}/f.npz`), whole);
    assert.deepEqual(await namesIn(folder), ["f.npz", "whole.npz"]);

    // Without a stopped run it starts.
    await run(many, "g.npz", { resume: true });
    assert.deepEqual(await Deno.readFile(`${folder}/g.npz`), whole);
  }));

Deno.test("extractToFile: errors", () =>
  inFolder(async (folder) => {
    const out = `${folder}/f.npz`;
    await Deno.writeTextFile(out, "old");
    const run = (list: readonly string[], options = {}, to = out) =>
      extractToFile(model, list, ["conv1", "layer1"], to, options);
    const cases: [() => Promise<unknown>, string][] = [
      [() => run([]), "files: expected at least one, got none"],
      [() => run(["no.png"]), 'cannot open "no.png": there is no such file'],
      [
        () => run(["no.png", "none.png"]),
        'cannot read any of the 2 pictures; the first: cannot open "no.png": there is no such file',
      ],
      [
        () => run(pictures, {}, `${folder}/f.txt`),
        `cannot write "${folder}/f.txt": expected a name that ends in one of .npz, .npy, .safetensors, .parquet, .jsonl`,
      ],
      [
        () => run(pictures, {}, `${folder}/f.npy`),
        `cannot write 2 nodes to "${folder}/f.npy": a .npy holds one; use .npz`,
      ],
      [
        () => run(pictures, { dtype: "int8" }),
        'dtype: expected "float32" or "float16", got "int8"',
      ],
      [
        () => run(pictures, { pool: "min" }),
        'pool: expected "none", "avg", "max", "catavgmax" or "gem", got "min"',
      ],
      [
        () => run(pictures, {}, `${folder}/no/f.npz`),
        `cannot create the folder "${folder}/no/f.npz.part": ENOENT: no such file or directory`,
      ],
    ];
    for (const [attempt, message] of cases) {
      await assert.rejects(attempt, { message });
    }
    const batch = `${folder}/batch.npy`;
    const data = uniform("batch", 3 * 40 * 56);
    await Deno.writeFile(batch, encodeNpy(data, [1, 3, 40, 56]));
    await assert.rejects(run([pictures[0], batch]), {
      name: "TypeError",
      message:
        `cannot stack "conv1" of "${batch}[0]": expected [64, 112, 112] as in the pictures before, got [64, 20, 28]`,
    });
    await Deno.mkdir(`${folder}/g.npz.part`);
    await Deno.writeTextFile(`${folder}/g.npz.part/mine.txt`, "");
    await assert.rejects(run(pictures, {}, `${folder}/g.npz`), {
      message:
        `cannot create the folder "${folder}/g.npz.part": it exists and holds other files`,
    });
    assert.equal(await Deno.readTextFile(out), "old");
    assert.deepEqual(await namesIn(folder), [
      "batch.npy",
      "f.npz",
      "g.npz.part",
    ]);
  }));

Deno.test("extractToFile: a run of other weights or pictures is not resumed; the file keeps its mode", () =>
  inFolder(async (folder) => {
    const list = Array.from({ length: 12 }, (_, i) => `${folder}/${i}.png`);
    for (const file of list) await Deno.copyFile(pictures[1], file);
    const out = `${folder}/f.npy`;
    await Deno.writeTextFile(out, "old", { mode: 0o600 });
    const run = (of: ResNet = model, options: ExtractToFileOptions = {}) =>
      extractToFile(of, list, ["relu"], out, { pool: "avg", ...options });
    const stop = new AbortController();
    await assert.rejects(
      run(model, {
        signal: stop.signal,
        onProgress: () => stop.abort(new Error("stopped")),
      }),
      { message: "stopped" },
    );
    assert.equal(await Deno.readTextFile(out), "old");
    using other = await createModel(tiny, "relu", false, { seed: 1 });
    await assert.rejects(run(other, { resume: true }), {
      message: /^cannot resume the run in .*: fingerprints was \{"relu":/,
    });
    const changed = (file: string) => ({
      message: `cannot resume: "${file}" has changed since it was read; ` +
        `delete "${out}.part" to start over`,
    });
    const resumed = () => run(model, { resume: true });
    await Deno.copyFile(pictures[3], list[2]);
    await assert.rejects(resumed(), changed(list[2]));
    await Deno.remove(list[2]);
    await assert.rejects(resumed(), changed(list[2]));
    // Its bytes count, not its date.
    await Deno.copyFile(pictures[1], list[2]);
    await resumed();
    const { mode } = await Deno.stat(out);
    assert.equal(mode! & 0o777, 0o600);
    const { shape, data } = decodeNpy(await Deno.readFile(out), out);
    assert.deepEqual(shape, [12, 64]);
    assert.deepEqual(data.subarray(64, 128), data.subarray(0, 64));
  }));
