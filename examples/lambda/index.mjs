/**
 * A function for AWS Lambda (Node 20 and later), behind a Function URL or an API Gateway of version
 * 2; Hono's adapter turns their events into requests.
 */

import { createHandler } from "@layertap/resnet/serve";
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

// One request at a time, and no other thread to leave free: a worker would only cost its start.
const answer = createHandler({ worker: false });
await answer.ready();

const app = new Hono().all("*", ({ req }) => answer(req.raw));

export const handler = handle(app);
