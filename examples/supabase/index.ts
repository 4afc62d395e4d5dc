/**
 * A function for Supabase: `POST /functions/v1/features?layer=avgpool` with a picture as the body.
 * The environment variable `WEIGHTS_URL` names the weights, for example in Supabase's storage.
 */

import { createHandler } from "@layertap/resnet/serve";

const handler = createHandler({
  arch: "mlnet_resnet18",
  outputLayer: "avgpool",
  pretrained: Deno.env.get("WEIGHTS_URL")!,
  model: { memory: "small" },
  thread: false,
  limits: { maxPixels: 4_000_000 },
});
Deno.serve((request) => handler(request));
