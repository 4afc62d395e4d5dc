/**
 * Features of a picture at the edge: `POST /features?layer=avgpool`, with the picture as the body.
 *
 * Runs on one thread within 128 MB, with precompiled WebAssembly and weights from static assets.
 *
 * @module
 */

import { createHandler, type Handler } from "@layertap/resnet/serve";

interface Env {
  /** Static assets: the folder named in `wrangler.jsonc`. */
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

let handler: Promise<Handler> | undefined;

async function start({ ASSETS }: Env): Promise<Handler> {
  const weights = await ASSETS.fetch("https://assets/mlnet_resnet18.npz");
  return createHandler({
    arch: "mlnet_resnet18",
    outputLayer: "avgpool",
    pretrained: await weights.arrayBuffer(),
    model: { memory: "small" },
    thread: false,
    limits: { maxPixels: 4_000_000 },
  });
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    handler ??= start(env).catch((error) => {
      handler = undefined; // Lets the next request try again.
      throw error;
    });
    return (await handler)(request);
  },
};
