/** Large, but good: the server's default limits let the photos of today's phones pass. */

import assert from "node:assert/strict";
import { createModel } from "../../mod.ts";
import { jpegBomb, jpegPhoto } from "../../scripts/attack/pictures.ts";
import { encodeNpy } from "../../src/formats/npy.ts";
import { createHandler } from "../../src/serve/mod.ts";
import { openCheckpoint } from "../../src/weights/mod.ts";
import { runWorker } from "../../src/worker/mod.ts";
import { temporaryFolder } from "../weights/fetch_support.ts";
import { checkpointOf, type Tensors, zipOf } from "../weights/fixtures.ts";
import { writePth } from "../weights/pth_writer.ts";
import { readAnswers, requestBytes, streamOf } from "../worker/support.ts";

Deno.test("a JPEG of 48 megapixels and 24 MB, as a body and in a form", async () => {
  const bytes = jpegPhoto(8000, 6000);
  assert(bytes.length > 23e6 && bytes.length < 32 << 20, `${bytes.length}`);
  await using handler = createHandler({ outputLayer: "flatten" });
  await handler.ready();
  const form = new FormData();
  form.append("image", new File([bytes], "photo.jpg"));
  const answers: unknown[] = [];
  for (const body of [bytes, form]) {
    const request = new Request("http://localhost/features?layer=flatten", {
      method: "POST",
      body,
    });
    const response = await handler(request);
    assert.equal(response.status, 200);
    answers.push((await response.json()).pictures[0].features.flatten);
  }
  assert.deepEqual(answers[0], answers[1]);
});

Deno.test("a progressive JPEG of 12 megapixels with 10 scans", async () => {
  await using handler = createHandler({ outputLayer: "flatten" });
  const request = new Request("http://localhost/features", {
    method: "POST",
    body: jpegBomb(3500, 9), // One more has the DC coefficients.
  });
  const response = await handler(request);
  assert.equal(response.status, 200, await response.clone().text());
  await response.body?.cancel();
});

Deno.test("a checkpoint of 480 MB", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/large.pth`;
  const large = Float32Array.from({ length: 3e7 }, (_, i) => i % 1000);
  const tensors: Tensors = new Map();
  for (let i = 0; i < 4; i++) {
    tensors.set(`t${i}`, { shape: [3e4, 1e3], data: large });
  }
  await writePth(checkpointOf(tensors), path);
  const { size } = await Deno.stat(path);
  assert(size > 480e6, `${size} bytes`);
  const checkpoint = await openCheckpoint(path);
  assert.equal(checkpoint.tensors.size, 4);
  assert.deepEqual(await checkpoint.read("t3"), large);
  checkpoint.close();
});

Deno.test("a zip of 2,000 entries", async () => {
  const files = Array.from(
    { length: 2000 },
    (_, i) => [`t${i}.npy`, encodeNpy(Float32Array.of(i), [1])] as const,
  );
  const checkpoint = await openCheckpoint(await zipOf(files, true));
  assert.equal(checkpoint.tensors.size, 2000);
  assert.deepEqual(await checkpoint.read("t1999"), Float32Array.of(1999));
});

Deno.test("an Arrow batch of 10,000 rows", async () => {
  using model = await createModel("mlnet_resnet18", "conv1", true);
  const rows = Array.from({ length: 10_000 }, (_, i) => ({
    path: `${i}.png`,
    content: Uint8Array.of(i & 255),
  }));
  rows[9999].content = await Deno.readFile("examples/images/chelsea.png");
  const pieces: Uint8Array[] = [];
  await runWorker(
    model,
    ["conv1"],
    streamOf(requestBytes([rows]), 1 << 16),
    (bytes) => void pieces.push(bytes.slice()),
    { pool: "avg" },
  );
  const answers = readAnswers(
    await new Blob(pieces as BlobPart[]).bytes(),
  ).flat();
  assert.equal(answers.length, 10_000);
  assert.match(answers[0].error!, /cannot decode "0.png"/);
  assert.equal((answers[9999].conv1 as Float32Array).length, 64);
});
