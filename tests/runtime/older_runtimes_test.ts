/** Runtimes that lack what the newest have. */

import assert from "node:assert/strict";
import zlib from "node:zlib";
import { crc32 } from "../../src/formats/crc32.ts";
import { requireBuiltin } from "../../src/runtime/builtin.ts";
import { inflateRaw } from "../../src/runtime/inflate.ts";

const { process } = globalThis as unknown as {
  process: {
    getBuiltinModule?(id: string): object | undefined;
    versions: { node?: string };
  };
};

/** Runs code while `node:` modules are others, or missing. */
async function withBuiltins(
  getBuiltinModule: typeof process.getBuiltinModule,
  code: () => unknown,
): Promise<void> {
  const { getBuiltinModule: own } = process;
  process.getBuiltinModule = getBuiltinModule;
  try {
    await code();
  } finally {
    process.getBuiltinModule = own;
  }
}

const content = Uint8Array.from({ length: 100_000 }, (_, i) => i * i >> 5);
const deflated = new Uint8Array(zlib.deflateRawSync(content));

Deno.test("crc32 is unsigned where node:zlib's is signed", async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const signed = { crc32: (bytes: Uint8Array) => zlib.crc32(bytes) | 0 };
  for (const zlib of [signed, undefined]) {
    await withBuiltins(() => zlib, () => {
      assert.equal(crc32(bytes), 0xb63cfbcd);
    });
  }
});

Deno.test("inflateRaw needs neither node:zlib nor DecompressionStream", async () => {
  const { DecompressionStream } = globalThis;
  const inflate = async () => {
    assert.deepEqual(await inflateRaw(deflated, content.length), content);
    for (const size of [content.length - 1, content.length + 1]) {
      await assert.rejects(inflateRaw(deflated, size));
    }
    await assert.rejects(
      inflateRaw(deflated.subarray(0, -100), content.length),
    );
  };
  await inflate();
  await withBuiltins(() => undefined, async () => {
    await inflate();
    Reflect.deleteProperty(globalThis, "DecompressionStream");
    try {
      await inflate();
    } finally {
      globalThis.DecompressionStream = DecompressionStream;
    }
  });
});

Deno.test("a missing built-in module is named, and the Node that has it", async () => {
  await withBuiltins(() => undefined, () => {
    assert.throws(() => requireBuiltin("node:fs/promises"), {
      message: "this runtime has no node:fs/promises",
    });
  });
  await withBuiltins(undefined, () => {
    assert.throws(() => requireBuiltin("node:fs/promises"), {
      message: `Node ${process.versions.node} has no node:fs/promises; ` +
        "use Node 20.16, 22.3 or later",
    });
  });
});
