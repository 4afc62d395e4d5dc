/// <reference lib="deno.worker" />
/** The model in a worker of the page. */

import { check } from "../check.ts";
import { read } from "./read.ts";

check(read).then(
  (outcome) => postMessage({ outcome }),
  (error: Error) => postMessage({ error: error.stack }),
);
