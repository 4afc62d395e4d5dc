/** Large, but good: the server's default limits let the photos of today's phones pass. */

import assert from "node:assert/strict";
import { createHandler } from "../../src/serve/mod.ts";

/** A JPEG of 8000x6000 with PIL, of noise so that it has some 25 MB. */
async function photo(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { success, stderr } = await new Deno.Command("python3", {
    args: [
      "-c",
      "import sys, numpy as np; from PIL import Image\n" +
      "noise = np.random.default_rng(0).integers(0, 256, (750, 1000, 3))\n" +
      "image = Image.fromarray(noise.astype('uint8'))\n" +
      "image = image.resize((8000, 6000), Image.BICUBIC)\n" +
      "grain = np.random.default_rng(1).integers(0, 30, (6000, 8000, 1))\n" +
      "pixels = np.clip(np.asarray(image) + grain, 0, 255).astype('uint8')\n" +
      "Image.fromarray(pixels).save(sys.argv[1], quality=88)",
      path,
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return await Deno.readFile(path);
}

Deno.test("a JPEG of 48 megapixels and about 25 MB, as a body and in a form", async () => {
  await Deno.mkdir("out/test", { recursive: true });
  const bytes = await photo("out/test/photo48.jpg");
  assert(bytes.length > 15e6 && bytes.length < 32 << 20, `${bytes.length}`);
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
