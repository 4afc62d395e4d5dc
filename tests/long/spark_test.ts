/** `examples/spark/extract.py`, in short: `deno task test:spark` is the long form. */

import assert from "node:assert/strict";
import { testNeeding } from "../support/needing.ts";

testNeeding(
  ["java", "python3"],
  "Spark gives the command line's table, though an executor is killed",
  async () => {
    const { success } = await new Deno.Command("deno", {
      args: ["task", "test:spark", "--short"],
    }).spawn().status;
    assert(success);
  },
);
