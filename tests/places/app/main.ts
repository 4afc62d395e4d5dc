/** A page, for every bundler: its outcome is a global. */

import { check } from "../check.ts";
import { read } from "./read.ts";

Object.assign(globalThis, { outcome: check(read) });
