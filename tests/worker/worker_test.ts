// stock: no, it tests the protocol, not the kernels
/** A worker answers with the values of `extractFiles`, in the order of the requests. */

import assert from "node:assert/strict";
import { concat } from "../../src/formats/concat.ts";
import { createModel, type ResNet } from "../../mod.ts";
import { extractFiles } from "../../src/extract/mod.ts";
import { runWorker, type WorkerOptions } from "../../src/worker/mod.ts";
import { pictures, tiny } from "../extract/support.ts";
import {
  type Answer,
  type Picture,
  readAnswers,
  requestBytes,
  streamOf,
} from "./support.ts";
import { closeTo } from "../support/close.ts";
import { formulaCheckpoint } from "../support/formula.ts";

const names = ["layer1", "layer2", "avgpool"];

/** The pictures of the examples, a text, half a picture, and a missing file. */
async function requests(): Promise<Picture[]> {
  const whole = await Promise.all(
    pictures.map(async (path) => ({
      path,
      content: await Deno.readFile(path),
    })),
  );
  const { content } = whole[1];
  return [
    ...whole.slice(0, 2),
    { path: "none.png", content: new TextEncoder().encode("not a picture") },
    ...whole.slice(2),
    { path: "half.png", content: content.subarray(0, content.length / 2) },
    { path: "missing.png", content: null },
    { path: pictures[0], content: null },
  ];
}

async function answers(
  model: ResNet,
  bytes: Uint8Array<ArrayBuffer>,
  options?: WorkerOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  await runWorker(model, names, streamOf(bytes), (piece) => {
    pieces.push(piece.slice());
  }, options);
  return concat(pieces);
}

/** Compares answers with `extractFiles` on the same files. */
async function check(model: ResNet, found: readonly Answer[]) {
  const asked = await requests();
  assert.deepEqual(found.map(({ path }) => path), asked.map((p) => p.path));
  const rows = extractFiles(model, pictures, names, { pool: "avg" });
  const wanted = new Map<string, Record<string, Float32Array>>();
  for await (const { path, values } of rows) {
    wanted.set(
      path,
      Object.fromEntries(names.map((name) => [name, values![name].data])),
    );
  }
  let compared = 0;
  for (const answer of found) {
    const want = wanted.get(answer.path);
    assert.equal(typeof answer.error, want ? "object" : "string");
    for (const name of names) {
      if (!want) {
        assert.equal(answer[name], null);
        continue;
      }
      const got = answer[name] as Float32Array;
      closeTo(got, want[name], 1e-6, name);
      compared += got.length;
    }
  }
  assert.equal(compared, 5 * (64 + 128 + 512));
  const errors = found.flatMap(({ error }) => error ?? []);
  assert.equal(
    errors[0],
    'cannot decode "none.png": it has an unknown format; JPEG, PNG and WebP are supported',
  );
  assert.match(errors[1], /^cannot decode "half\.png" as PNG: /);
  assert.equal(
    errors[2],
    'cannot open "missing.png": there is no such file',
  );
  assert.equal(errors.length, 3);
}

Deno.test("arrow: one batch of answers for each batch, even an empty one", async () => {
  using model = await createModel(tiny, "avgpool", formulaCheckpoint(tiny));
  const asked = await requests();
  const batches = [asked.slice(0, 3), [], asked.slice(3)];
  for (const decoders of [0, 2]) {
    const options = { pool: "avg", decoders } as const;
    const found = readAnswers(
      await answers(model, requestBytes(batches), options),
    );
    assert.deepEqual(found.map(({ length }) => length), [3, 0, 5]);
    await check(model, found.flat());
  }
});

Deno.test("arrow: unpooled values in PyTorch's order, timings", async () => {
  using model = await createModel(tiny, "layer2", formulaCheckpoint(tiny));
  const content = await Deno.readFile(pictures[3]);
  const pieces: Uint8Array[] = [];
  await runWorker(
    model,
    ["layer2"],
    streamOf(requestBytes([[{ path: "rocket", content }]])),
    (piece) => void pieces.push(piece.slice()),
    { timings: true },
  );
  const [[{ layer2, decode_seconds, compute_seconds }]] = readAnswers(
    concat(pieces),
  );
  const rows = await Array.fromAsync(
    extractFiles(model, [pictures[3]], ["layer2"]),
  );
  const { data, shape } = rows[0].values!.layer2;
  assert.deepEqual(shape, [128, 28, 28]);
  assert.equal((layer2 as Float32Array).length, data.length);
  data.forEach((value, i) => {
    assert(Math.abs((layer2 as Float32Array)[i] - value) < 1e-5, `at ${i}`);
  });
  assert((decode_seconds as number) > 0 && (compute_seconds as number) > 0);
});

Deno.test("arrow: no requests, or no bytes at all", async () => {
  using model = await createModel(tiny, "avgpool", formulaCheckpoint(tiny));
  const none = await answers(model, requestBytes([]));
  assert.deepEqual(readAnswers(none).flat(), []);
  assert.deepEqual(await answers(model, new Uint8Array()), none);
  assert.deepEqual([...none.subarray(-8)], [255, 255, 255, 255, 0, 0, 0, 0]);
});

Deno.test("jsonl: paths, base64, and malformed lines", async () => {
  using model = await createModel(tiny, "avgpool", formulaCheckpoint(tiny));
  const lines = (await requests()).map(({ path, content }, i) =>
    content
      ? JSON.stringify({ path, base64: content.toBase64() })
      : i % 2
      ? path
      : JSON.stringify({ path })
  );
  const text = [...lines, "", '{"path":', '{"base64":"?"}', '{"a":1}'];
  const bytes = new TextEncoder().encode(text.join("\n"));
  for (const jsonValues of ["base64", "plain"] as const) {
    const found = new TextDecoder()
      .decode(
        await answers(model, bytes, {
          protocol: "jsonl",
          pool: "avg",
          jsonValues,
        }),
      )
      .trim().split("\n").map((line) => JSON.parse(line));
    for (const answer of found) {
      for (const name of names) {
        if (!answer[name]) continue;
        answer[name] = jsonValues === "plain"
          ? new Float32Array(answer[name].flat(2))
          : new Float32Array(Uint8Array.fromBase64(answer[name].base64).buffer);
      }
      answer.error ??= null;
    }
    await check(model, found.slice(0, -3));
    for (const { path, error } of found.slice(-3)) {
      assert.equal(path, "");
      assert.match(error, /^cannot read a request: /);
    }
  }
});

Deno.test("pictures that wait run as one batch, in order", async () => {
  using model = await createModel(tiny, "avgpool", formulaCheckpoint(tiny));
  const sizes: number[] = [];
  const { extract } = model;
  model.extract = ((input, nodes) => {
    sizes.push(input.shape[0]);
    return extract.call(model, input, nodes);
  }) as typeof extract;
  const lines = Array.from({ length: 20 }, (_, i) => pictures[i % 4]);
  const bytes = new TextEncoder().encode(lines.join("\n"));
  const text = new TextDecoder().decode(
    await answers(model, bytes, { protocol: "jsonl", window: 20 }),
  );
  assert.deepEqual(
    text.trim().split("\n").map((line) => JSON.parse(line).path),
    lines,
  );
  assert.equal(sizes.shift(), 8, "the warm-up");
  assert.equal(sizes.reduce((a, b) => a + b), 20);
  assert(sizes.includes(8), `${sizes}`);
});

Deno.test("requests are not read while answers are not taken", async () => {
  using model = await createModel(tiny, "avgpool", formulaCheckpoint(tiny));
  let read = 0;
  const total = 20;
  const line = new TextEncoder().encode(`${pictures[3]}\n`);
  const input = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (read++ < total) controller.enqueue(line);
      else controller.close();
    },
  }, { highWaterMark: 0 });
  let answered = 0;
  let mostAhead = 0;
  await runWorker(model, names, input, async (bytes) => {
    // Long enough to read everything, if nothing stopped it.
    for (let i = 0; i < 30; i++) await new Promise((go) => setTimeout(go, 0));
    mostAhead = Math.max(mostAhead, read - answered);
    if (bytes.length > 0) answered++;
  }, { protocol: "jsonl", window: 5, pool: "avg" });
  assert.equal(answered, total);
  // The window, and the stream's own buffer.
  assert(mostAhead >= 5 && mostAhead <= 9, `${mostAhead} ahead`);
});
