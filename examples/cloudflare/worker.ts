/**
 * Features of a picture at the edge: `POST /features?layer=avgpool`, the picture as body.
 *
 * One thread and 128 MB, the WebAssembly compiled beforehand, the weights from the assets.
 *
 * @module
 */

import { createHandler, type Handler } from "@layertap/resnet/serve";

interface Env {
  /** Static assets: the folder that `wrangler.jsonc` names. */
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
    worker: false,
    limits: { pixels: 4_000_000 },
  });
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    handler ??= start(env).catch((error) => {
      handler = undefined; // The next request tries again.
      throw error;
    });
    return (await handler)(request);
  },
};
