#!/usr/bin/env node
import process from "node:process";
import { main } from "@layertap/resnet/cli";

// A reader that stops early, such as `head`, is not a failure.
process.stdout.on(
  "error",
  ({ code }) => process.exit(code === "EPIPE" ? 0 : 1),
);
process.exitCode = await main(process.argv.slice(2));
