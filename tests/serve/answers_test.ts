/** The handler's answers equal the model's values, in every format. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  classify,
  createModel,
  decodeImage,
  encodePng,
  summary,
  toNCHW,
} from "../../mod.ts";
import { featureMapGrid } from "../../src/maps/mod.ts";
import { decodeNpy } from "../../src/formats/npy.ts";
import { createHandler } from "../../src/serve/mod.ts";
import { readNpz, readSafetensors } from "../extract/support.ts";
import {
  asJson,
  ask,
  chelsea,
  coffee,
  form,
  post,
  refused,
  rocket,
  tinyHandler,
  tinyModel,
} from "./support.ts";
import { relativeError } from "../support/close.ts";

const model = await tinyModel();

/** A node's values for pictures, `[N, C, H, W]` or `[N, C]`. */
async function expected(
  files: Uint8Array[],
  name: string,
  pool?: "avg" | "max",
) {
  const images = await Promise.all(files.map((file) => decodeImage(file)));
  return tf.tidy(() => {
    const value = model.extract(model.preprocess(images), [name])[name];
    const pooled = pool === "avg"
      ? tf.mean(value, [1, 2])
      : pool === "max"
      ? tf.max(value, [1, 2])
      : value;
    const { shape } = pooled;
    return { data: toNCHW(pooled).dataSync<"float32">().slice(), shape };
  });
}

const accept = (type: string) => ({ headers: { accept: type } });
const bytesOf = async (response: Response) => {
  assert.equal(response.status, 200, response.ok ? "" : await response.text());
  return new Uint8Array(await response.arrayBuffer());
};

Deno.test("features as JSON: nested lists, NCHW", async () => {
  await using handler = tinyHandler();
  const response = await ask(
    handler,
    post("/features?layer=layer4,layer1.0.relu_1,flatten", chelsea),
  );
  assert.equal(response.status, 200);
  const { arch, pictures } = await response.json();
  assert.equal(arch, "tiny");
  assert.deepEqual(pictures.map(({ name }: { name: string }) => name), [
    "body",
  ]);
  const { features } = pictures[0];
  assert.deepEqual(Object.keys(features), [
    "layer4",
    "layer1.0.relu_1",
    "flatten",
  ]);
  assert.deepEqual(
    [
      features.layer4.length,
      features.layer4[0].length,
      features.layer4[0][0].length,
    ],
    [512, 7, 7],
  );
  for (const [name, value] of Object.entries(features)) {
    const { data } = await expected([chelsea], name);
    assert(relativeError((value as number[]).flat(2), data) < 1e-6, name);
  }
});

Deno.test("features of several pictures and pooled, as .npy, .npz and safetensors", async () => {
  await using handler = tinyHandler();
  const files = {
    "a cat.png": chelsea,
    "🚀.jpg": rocket,
    "coffee.png": coffee,
  };
  const all = Object.values(files);
  const ask3 = async (query: string, type: string) => {
    const response = await ask(
      handler,
      post(`/features?${query}`, form(files), accept(type)),
    );
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(response.headers.get("content-type"), type);
    return await bytesOf(response);
  };
  const layer3 = await expected(all, "layer3");
  const npy = decodeNpy(
    await ask3("layer=layer3", "application/x-npy"),
    "answer",
  );
  assert.deepEqual(npy.shape, [3, 256, 14, 14]);
  assert(relativeError(npy.data as Float32Array, layer3.data) < 1e-6);

  const { arrays, paths } = readNpz(
    await ask3("layer=layer3,avgpool&pool=max", "application/x-npz"),
  );
  assert.deepEqual(paths, Object.keys(files));
  for (const name of ["layer3", "avgpool"]) {
    const want = await expected(all, name, "max");
    assert.deepEqual(arrays.get(name)!.shape, want.shape);
    assert(relativeError(arrays.get(name)!.data, want.data) < 1e-6, name);
  }

  const tensors = readSafetensors(
    await ask3("layer=layer2&pool=avg", "application/x-safetensors"),
  );
  const mean = await expected(all, "layer2", "avg");
  assert.deepEqual(tensors.get("layer2")!.shape, [3, 128]);
  const { bytes } = tensors.get("layer2")!;
  assert(
    relativeError(new Float32Array(bytes.slice().buffer), mean.data) < 1e-6,
  );
});

Deno.test("the default is the output layer, as JSON", async () => {
  await using handler = tinyHandler({ outputLayer: "layer2.0.bn1" });
  for (const type of ["", "*/*", "text/html, application/*;q=0.5"]) {
    const response = await ask(
      handler,
      post("/features", chelsea, accept(type)),
    );
    const { pictures: [{ features }] } = await response.json();
    const { data } = await expected([chelsea], "layer2.0.bn1");
    assert(relativeError(features["layer2.0.bn1"].flat(2), data) < 1e-6);
  }
});

Deno.test("the type that a client prefers", async () => {
  await using handler = tinyHandler();
  const types =
    "application/json;q=0.3, application/x-npz;q=0.1, application/x-npy";
  const typeOf = async (layers: string) => {
    const response = await ask(
      handler,
      post(`/features?layer=${layers}`, chelsea, accept(types)),
    );
    await response.body?.cancel();
    return response.headers.get("content-type");
  };
  assert.equal(await typeOf("flatten"), "application/x-npy");
  // A .npy can't hold two layers.
  assert.equal(await typeOf("flatten,fc"), "application/json");
});

Deno.test("classes equal those of classify", async () => {
  const labels = ["ant", "bee", "cat", "dog"];
  await using handler = tinyHandler({ labels });
  const images = await Promise.all(
    [chelsea, rocket].map((file) => decodeImage(file)),
  );
  const want = await classify(model, images, { labels, top: 3 });
  const files = { "a.png": chelsea, "b.jpg": rocket };
  const response = await ask(handler, post("/classify?top=3", form(files)));
  const { pictures } = await response.json();
  assert.deepEqual(
    pictures.map(({ name }: { name: string }) => name),
    Object.keys(files),
  );
  for (const [i, { classes }] of pictures.entries()) {
    assert.deepEqual(
      classes.map(({ label }: { label: string }) => label),
      want[i].map(({ label }) => label),
    );
    const scores = classes.map(({ score }: { score: number }) => score);
    assert(relativeError(scores, want[i].map(({ score }) => score)) < 1e-6);
  }
  const all = await (await ask(handler, post("/classify", chelsea))).json();
  assert.equal(all.pictures[0].classes.length, 4);
});

Deno.test("pictures equal those of featureMapGrid", async () => {
  await using handler = tinyHandler();
  const input = model.preprocess(await decodeImage(rocket));
  const { layer2 } = model.extract(input, ["layer2"]);
  const cases = {
    "": {},
    "&maps=5": { maps: 5 },
    "&strongest=6&labels=yes&scale=all": {
      strongest: 6,
      labels: true,
      scale: "all",
    },
  } as const;
  for (const [query, options] of Object.entries(cases)) {
    const want = await encodePng(await featureMapGrid(layer2, options));
    const response = await ask(
      handler,
      post(`/picture?layer=layer2${query}`, rocket, accept("image/*")),
    );
    assert.deepEqual(await bytesOf(response), want, query);
  }
  tf.dispose([input, layer2]);
});

Deno.test("the summary, as text and as data", async () => {
  await using handler = tinyHandler({ outputLayer: "layer3" });
  const get = async (query: string, type: string) =>
    await ask(
      handler,
      new Request(`http://localhost/summary${query}`, accept(type)),
    );
  using front = model.truncate("layer3");
  for (const style of ["torchsummary", "torchinfo"] as const) {
    const want = summary(front, [3, 224, 224], { style });
    const text = await (await get(`?style=${style}`, "text/*")).text();
    assert.equal(text, `${want}\n`);
    const data = await (await get(`?style=${style}`, "application/json"))
      .json();
    assert.deepEqual(
      data,
      JSON.parse(JSON.stringify({ ...want, toString: undefined })),
    );
  }
});

Deno.test("the description, and HEAD", async () => {
  await using handler = tinyHandler();
  const url = "http://localhost/openapi.json";
  const response = await ask(handler, new Request(url));
  const { openapi, paths } = await response.json();
  assert.equal(openapi, "3.1.0");
  assert.deepEqual(Object.keys(paths), [
    ...["/features", "/classify", "/anomaly", "/picture"],
    ...["/summary", "/healthz", "/openapi.json"],
  ]);
  const head = await ask(handler, new Request(url, { method: "HEAD" }));
  assert.equal(head.headers.get("content-type"), "application/json");
  assert.equal(await head.text(), "");
});

Deno.test("in a separate thread: the same values and number of threads, and the included weights", async () => {
  using shipped = await createModel("mlnet_resnet18", "flatten", true);
  const image = await decodeImage(chelsea);
  const want = tf.tidy(() =>
    shipped.forward(shipped.preprocess(image)).dataSync()
  );
  const entries: string[] = [];
  await using handler = createHandler({
    thread: true,
    log: ({ status }) => entries.push(`${status}`),
  });
  const health = () => new Request("http://localhost/healthz");
  assert.equal((await ask(handler, health())).status, 503);
  await handler.ready();
  const { status, worker, network } = await (await ask(handler, health()))
    .json();
  assert.deepEqual([status, worker, network.arch], [
    "ok",
    true,
    "mlnet_resnet18",
  ]);
  const threads = Math.min(navigator.hardwareConcurrency, 8);
  assert.equal(network.threads, threads);
  const response = await ask(handler, post("/features", chelsea));
  let now = network;
  while (now.running < threads) { // They start meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 20));
    now = (await (await ask(handler, health())).json()).network;
  }
  assert.equal(now.fallback, undefined);
  const { pictures: [{ features }] } = await response.json();
  assert(relativeError(features.flatten, want) < 1e-6);
  const timing = response.headers.get("server-timing")!;
  assert.match(
    timing,
    /^body;dur=[\d.]+, queue;dur=[\d.]+, decode;dur=[\d.]+, model;dur=[\d.]+/,
  );
  assert.deepEqual(entries.slice(0, 3), ["503", "200", "200"]);
});

Deno.test("in a separate thread stock kernels compute alone: their other threads can't be ended", async () => {
  const stock = (threads?: number) =>
    tinyHandler({ thread: true, backend: { kernels: "stock", threads } });
  await using handler = stock();
  await handler.ready();
  const health = await ask(handler, new Request("http://localhost/healthz"));
  const { network: { kernels, threads, build } } = await health.json();
  assert.deepEqual([kernels, threads, build], ["stock", 1, "simd"]);
  await using refused = stock(2);
  await assert.rejects(
    refused.ready(),
    /^Error: threads of stock kernels in a separate thread: expected 1, got 2; leave/,
  );
});

Deno.test("no answer leaks a tensor", async () => {
  await using handler = tinyHandler();
  const damaged = chelsea.slice(0, 5000);
  const round = async () => {
    for (
      const path of [
        "/features?layer=layer1,fc",
        "/classify",
        "/picture?layer=layer1",
        "/nowhere",
      ]
    ) {
      for (
        const body of [
          chelsea,
          damaged,
          form({ "a.png": chelsea, "b.png": damaged }),
        ]
      ) {
        await (await ask(handler, post(path, body))).body?.cancel();
      }
    }
    await (await ask(handler, post("/features", "[]", { headers: asJson })))
      .body?.cancel();
  };
  await round();
  const before = tf.memory().numTensors;
  await round();
  assert.equal(tf.memory().numTensors, before);
  const health =
    await (await ask(handler, new Request("http://localhost/healthz"))).json();
  assert.equal(health.tensors, before);
});

Deno.test("draft: JPEGs are decoded smaller", async () => {
  const photo = await Deno.readFile("tests/data/image/jpeg/photo.jpg");
  await using handler = createHandler({ draft: true });
  await using whole = createHandler({});
  const vector = async (server: typeof handler) => {
    const response = await ask(
      server,
      post("/features?layer=flatten", photo, accept("application/x-npy")),
    );
    return [...decodeNpy(await bytesOf(response), "npy").data as Float32Array];
  };
  using network = await createModel("mlnet_resnet18", "flatten", true);
  const { resizeSize } = network.preset;
  const input = network.preprocess(
    await decodeImage(photo, { draft: [resizeSize, resizeSize] }),
  );
  const output = network.forward(input);
  const value = await vector(handler);
  assert(relativeError(value, [...await output.data()]) < 1e-5);
  assert(relativeError(await vector(whole), value) > 1e-3);
  tf.dispose([input, output]);
});

Deno.test("exifOrientation: the request's, else the handler's", async () => {
  const photo = await Deno.readFile("tests/data/image/orientation6.jpg");
  const answer = async (turn: boolean | undefined, query: string) => {
    await using handler = tinyHandler({ exifOrientation: turn });
    const path = `/features?layer=conv1&pool=avg${query}`;
    return await (await ask(handler, post(path, photo))).text();
  };
  const stored = await answer(undefined, "");
  const turned = await answer(undefined, "&exifOrientation=yes");
  assert.notEqual(turned, stored);
  assert.equal(await answer(true, ""), turned);
  assert.equal(await answer(true, "&exifOrientation=no"), stored);
  await using handler = tinyHandler();
  await refused(
    handler,
    post("/classify?exifOrientation=1", photo),
    400,
    /exifOrientation: expected "no" or "yes", got "1"/,
  );
});
