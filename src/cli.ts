/** x
 * @module */
import { threaded } from "../mod.ts";
console.log(await threaded());
