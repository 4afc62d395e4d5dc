/** `dtype` rounds the weights in memory, whatever the file has. */

import assert from "node:assert/strict";
import { createModel, startBackend } from "../../mod.ts";
import { formulaCheckpoint } from "../support/formula.ts";
import { pthBytes } from "../weights/pth_writer.ts";

const small = {
  name: "small",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
} as const;

const { kernels } = await startBackend();

Deno.test({
  name: 'createModel(…, "x.pth", { dtype }) keeps that type in memory',
  ignore: kernels === "stock", // They have float32 only.
  async fn() {
    const path = await Deno.makeTempFile({ suffix: ".pth" });
    try {
      await Deno.writeFile(path, await pthBytes(formulaCheckpoint(small)));
      const bytesOf = async (dtype: "float32" | "float16" | "int8") => {
        const options = { memory: "small", dtype } as const;
        using model = await createModel(small, "layer4", path, options);
        return model.weightBytes;
      };
      const float32 = await bytesOf("float32");
      assert(await bytesOf("float16") < 0.52 * float32);
      assert(await bytesOf("int8") < 0.27 * float32);
      // Without `memory` it counts as well.
      using int8 = await createModel(small, "layer4", path, { dtype: "int8" });
      assert.equal(int8.weightBytes, await bytesOf("int8"));
    } finally {
      await Deno.remove(path);
    }
  },
});
