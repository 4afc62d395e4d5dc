/**
 * A function for AWS Lambda (Node 20 and later), behind a Function URL or API Gateway version 2.
 * Hono's adapter turns their events into requests.
 */

import { createHandler } from "@layertap/resnet/serve";
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

// Lambda sends one request at a time, so a second thread would only slow down the start.
const answer = createHandler({ thread: false });
await answer.ready();

const app = new Hono().all("*", ({ req }) => answer(req.raw));

export const handler = handle(app);
