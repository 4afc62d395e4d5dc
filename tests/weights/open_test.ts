import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { openByteSource } from "../../src/runtime/open_source.ts";
import {
  type CheckpointOptions,
  openCheckpoint,
} from "../../src/weights/open.ts";
import { sha256 } from "../../src/weights/sha256.ts";
import {
  expectedTensors,
  fileBytes,
  folder,
  seededRandom,
  zipOf,
} from "./fixtures.ts";

const path = `${folder}/state_dict.pth`;
const bytes = fileBytes("state_dict.pth");

Deno.test("openCheckpoint takes a path, a URL, bytes, a buffer, a Blob, a File", async () => {
  const expected = (await expectedTensors("state_dict.pth")).get("fc.weight")!;
  const url = pathToFileURL(path);
  const dataUrl = `data:;base64,${btoa(String.fromCharCode(...bytes))}`;
  const padded = new Uint8Array(bytes.length + 3);
  padded.set(bytes, 3);
  const sources = [
    [path, path],
    [url, url.href],
    [url.href, url.href],
    [new URL(dataUrl), "data: URL"],
    [bytes, "bytes"],
    [padded.subarray(3), "bytes"],
    [bytes.buffer, "bytes"],
    [new Blob([bytes]), "blob"],
    [new File([bytes], "net.pth"), "net.pth"],
  ] as const;
  for (const [source, name] of sources) {
    const checkpoint = await openCheckpoint(source);
    assert.equal(checkpoint.source, name);
    assert.deepEqual(await checkpoint.read("fc.weight"), expected.data);
    checkpoint.close();
  }
});

Deno.test("errors name the file that can't be opened", async () => {
  await assert.rejects(openCheckpoint("nowhere/net.pth"), {
    name: "Error",
    message: 'cannot open "nowhere/net.pth": there is no such file',
  });
  await assert.rejects(openCheckpoint("tests"), {
    name: "Error",
    message: 'cannot open "tests": it is a folder',
  });
  await assert.rejects(openCheckpoint(5 as unknown as string), {
    name: "TypeError",
    message: "expected a path, a URL, bytes or a Blob, got 5",
  });
});

Deno.test("a server's error status is in the message; its file is read", async () => {
  const { fetch } = globalThis;
  const url = "https://example.com/net.pth";
  const answers: [Response | Error, string][] = [
    [
      new Response("gone", { status: 404, statusText: "Not Found" }),
      `cannot fetch ${url}: HTTP 404 Not Found`,
    ],
    [new TypeError("no route"), `cannot fetch ${url}: no route`],
  ];
  try {
    for (const [answer, message] of answers) {
      globalThis.fetch = () =>
        answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      await assert.rejects(openCheckpoint(url), { name: "Error", message });
    }
    globalThis.fetch = () => Promise.resolve(new Response(bytes));
    const checkpoint = await openCheckpoint(url);
    assert.equal(checkpoint.source, url);
    assert.equal((await checkpoint.read("fc.weight")).length, 20);
  } finally {
    globalThis.fetch = fetch;
  }
});

Deno.test("openCheckpoint takes the limits, the signal and the fetch of its options", async () => {
  const url = "https://example.com/net.pth";
  const never = new Promise<never>(() => {});
  const untilAborted: typeof fetch = (_, init) =>
    new Promise((_, reject) => {
      const { signal } = init!;
      const abort = () => reject(signal!.reason);
      if (signal!.aborted) abort();
      signal!.addEventListener("abort", abort);
    });
  const stalled = () =>
    Promise.resolve(new Response(new ReadableStream({ pull: () => never })));
  const reason = new Error("enough");
  const cases: [CheckpointOptions, string][] = [
    [
      { fetch: untilAborted, answerSeconds: 0.05 },
      `cannot fetch ${url}: no answer within 0.05 seconds`,
    ],
    [
      { fetch: stalled, bodySeconds: 0.05 },
      `cannot fetch ${url}: nothing arrived for 0.05 seconds, or less than 100 kB/s`,
    ],
    [
      {
        fetch: () => Promise.resolve(new Response(bytes)),
        maxBytes: bytes.length - 1,
      },
      `cannot fetch ${url}: it has more than ${bytes.length - 1} bytes`,
    ],
    [{ fetch: untilAborted, signal: AbortSignal.abort(reason) }, "enough"],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(openCheckpoint(url, options), { message });
  }
});

Deno.test("openCheckpoint says what another file is", async () => {
  const text = (content: string) => new TextEncoder().encode(content);
  const cases: [bytes: Uint8Array<ArrayBuffer>, what: RegExp][] = [
    [new Uint8Array(0), /it is empty/],
    [text("\x80").slice(1), /it is a pickle that torch\.save didn't write/],
    [
      new Uint8Array(readFileSync("examples/images/chelsea.png")),
      /it is a PNG picture/,
    ],
    [
      new Uint8Array(readFileSync("examples/images/rocket.jpg")),
      /it is a JPEG picture/,
    ],
    [text("\n<!DOCTYPE html><p>404"), /it is an HTML or XML page/],
    [
      text("version https://git-lfs.github.com/spec/v1\noid sha256:00"),
      /it is a Git LFS pointer; run git lfs pull/,
    ],
    [new Uint8Array([0x1f, 0x8b, 8]), /it is a gzip archive/],
    [text("hello world"), /it has an unknown format;/],
    [
      await zipOf([["word/document.xml", text("x")]], true),
      /it is a zip archive of word\/document\.xml/,
    ],
  ];
  for (const [content, what] of cases) {
    await assert.rejects(openCheckpoint(content), (error: Error) => {
      assert.equal(error.name, "SyntaxError");
      assert.match(error.message, what);
      assert.match(
        error.message,
        /^cannot read "bytes": .*; expected weights: a \.pth, \.safetensors or \.npz file$/,
      );
      return true;
    });
  }
});

Deno.test("sha256 of a source longer than a piece", async () => {
  const long = new Uint8Array(2 ** 21 + 17).map((_, i) => i * 7);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", long));
  assert.equal(await sha256(await openByteSource(long)), digest.toHex());
});

/** Whether all can be read; any error must be a SyntaxError that names the source. */
async function readsAll(content: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const checkpoint = await openCheckpoint(content);
    for (const [name, { shape }] of checkpoint.tensors) {
      const data = await checkpoint.read(name);
      assert.equal(data.length, shape.reduce((a, b) => a * b, 1));
    }
    return true;
  } catch (error) {
    if (error instanceof SyntaxError && /"bytes[":]/.test(error.message)) {
      return false;
    }
    throw error;
  }
}

const inputs = [
  "legacy_views.pth",
  "dtypes.safetensors",
  "state_dict.pth",
  "views.pth",
  "wrapped_model.pth",
  "big_endian.pth",
  "plain.npz",
  "plain_compressed.npz",
];

for (const file of inputs) {
  Deno.test(`${file} cut short anywhere is a SyntaxError`, async () => {
    const whole = fileBytes(file);
    assert.ok(await readsAll(whole));
    for (let length = 0; length < whole.length; length += 7) {
      assert.equal(await readsAll(whole.slice(0, length)), false, `${length}`);
    }
    assert.equal(await readsAll(whole.slice(0, -1)), false);
  });

  Deno.test(`${file} with some bytes changed is read, or a SyntaxError`, async () => {
    const whole = fileBytes(file);
    const random = seededRandom(whole.length);
    let refused = 0;
    for (let round = 0; round < 100; round++) {
      const mutated = whole.slice();
      for (let i = random(8); i >= 0; i--) {
        mutated[random(mutated.length)] = random(256);
      }
      if (!await readsAll(mutated)) refused++;
    }
    assert.ok(refused > 20, `${refused} refused`);
  });
}
