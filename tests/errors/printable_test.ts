import assert from "node:assert/strict";
import { printable } from "../../src/errors/printable.ts";

Deno.test("control characters and those of direction are escaped", () => {
  assert.equal(
    printable("a\x1b[31mb\x9bc\u202ed\u2069\x00\x7f\n"),
    "a\\u001b[31mb\\u009bc\\u202ed\\u2069\\u0000\\u007f\\u000a",
  );
  assert.equal(printable("Käse, 猫.png"), "Käse, 猫.png");
  const entry = { path: "\u202ea\x9b" };
  assert.deepEqual(JSON.parse(printable(JSON.stringify(entry))), entry);
});
