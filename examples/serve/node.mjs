/**
 * A server for Node 20 and later, with `@hono/node-server`:
 *
 *     npm install @layertap/resnet @hono/node-server hono
 *     node node.mjs
 *     curl -F image=@cat.jpg 'http://127.0.0.1:8000/features?layer=avgpool'
 */

import { serve } from "@hono/node-server";
import { createHandler } from "@layertap/resnet/serve";
import process from "node:process";

const handler = createHandler({
  log: (entry) => console.log(JSON.stringify(entry)),
});
await handler.ready();

const server = serve(
  {
    fetch: handler,
    hostname: "127.0.0.1",
    port: Number(process.argv[2] ?? 8000),
  },
  ({ address, port }) => console.log(`listening on http://${address}:${port}`),
);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await handler.close();
    server.close();
    server.closeIdleConnections();
  });
}
