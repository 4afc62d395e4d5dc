/** Safari has no `Symbol.dispose`. */

import assert from "node:assert/strict";

Deno.test("Symbol.dispose is added where it is missing, before a class names it", async () => {
  const { Symbol } = globalThis;
  const fake = { for: Symbol.for } as unknown as SymbolConstructor;
  globalThis.Symbol = fake;
  try {
    await import("../../src/runtime/dispose.ts");
  } finally {
    globalThis.Symbol = Symbol;
  }
  assert.equal(fake.dispose, Symbol.for("Symbol.dispose"));
  assert.equal(fake.asyncDispose, Symbol.for("Symbol.asyncDispose"));

  const root = new URL("../../src/", import.meta.url);
  let count = 0;
  const visit = async (folder: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const url = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory) await visit(url);
      else if (name.endsWith(".ts")) {
        const code = await Deno.readTextFile(url);
        if (!/Symbol\.(asyncD|d)ispose\]/.test(code)) continue;
        assert.match(code, /import "\.\.\/runtime\/dispose\.ts";/, url.href);
        count++;
      }
    }
  };
  await visit(root);
  assert(count > 3, `${count} files`);
});
