// stock: no, it tests names and types, not the kernels
/** What the package offers to its users. */

import assert from "node:assert/strict";
import * as root from "../mod.ts";

Deno.test("the root exports at most 21 values", () => {
  const names = Object.keys(root);
  assert(names.length > 10 && names.length <= 21, names.join(", "));
});
