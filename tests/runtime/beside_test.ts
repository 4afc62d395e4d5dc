/** beside: whole URLs, wherever a module's URL is one or only a path. */

import assert from "node:assert/strict";
import { beside } from "../../src/runtime/beside.ts";

/** Calls it where the location is this. */
function at(href: string | undefined, url: string): string {
  const { location } = globalThis;
  const define = (value: unknown) =>
    Object.defineProperty(globalThis, "location", {
      value,
      configurable: true,
      writable: true,
    });
  define(href === undefined ? undefined : { href });
  try {
    return beside(() => url as unknown as URL).href;
  } finally {
    define(location);
  }
}

Deno.test("beside: a path is relative to the page, a whole URL to nothing", () => {
  const page = "https://example.org/app/";
  const path = "/_next/a.wasm", file = "file:///code/a.wasm";
  assert.equal(at(page, path), "https://example.org/_next/a.wasm");
  for (const href of [undefined, page, "data:text/javascript,", "nowhere"]) {
    assert.equal(at(href, file), file);
  }
});

Deno.test("beside: a path without a page is refused, with what to do in Next.js", () => {
  for (const href of [undefined, "nowhere"]) {
    assert.throws(
      () => at(href, "/_next/static/media/a.wasm"),
      /^TypeError: a file of @layertap\/resnet: expected a whole URL, got "\/_next\/static\/media\/a\.wasm"; .*serverExternalPackages/,
    );
  }
});
