/** The server for the load test; `/memory` returns the memory of its process. */

import { createHandler } from "../src/serve/mod.ts";

const [arch = "mlnet_resnet18", options = "{}"] = Deno.args;
const handler = createHandler({
  arch,
  pretrained: arch === "mlnet_resnet18",
  ...JSON.parse(options),
});
await handler.ready();
const server = Deno.serve(
  {
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(port),
  },
  (request) =>
    request.url.endsWith("/memory")
      ? Response.json(Deno.memoryUsage().rss)
      : handler(request),
);
// Exits when its parent closes stdin.
for await (const _ of Deno.stdin.readable);
await handler.close();
await server.shutdown();
