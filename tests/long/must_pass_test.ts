/** Large, but good: the server's default limits let the photos of today's phones pass. */

import assert from "node:assert/strict";
import { jpegPhoto } from "../../scripts/attack/pictures.ts";
import { createHandler } from "../../src/serve/mod.ts";

Deno.test("a JPEG of 48 megapixels and 24 MB, as a body and in a form", async () => {
  const bytes = jpegPhoto(8000, 6000);
  assert(bytes.length > 23e6 && bytes.length < 32 << 20, `${bytes.length}`);
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
