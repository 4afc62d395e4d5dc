/**
 * A server for `deno serve`:
 *
 *     deno serve --allow-read examples/serve/deno.ts
 *     curl -F image=@cat.jpg 'http://127.0.0.1:8000/features?layer=avgpool'
 *
 * @module
 */

import { createHandler } from "@layertap/resnet/serve";

const handler = createHandler({
  log: (entry) => console.log(JSON.stringify(entry)),
});
await handler.ready();

export default {
  fetch: (request: Request): Promise<Response> => handler(request),
};
