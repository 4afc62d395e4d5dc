// Runs a command line of npm's, and ends with its standard input: node serve.js PROGRAM [ARGUMENT…]
import process from "node:process";
import { pathToFileURL } from "node:url";

process.stdin.on("end", () => process.exit()).resume();
process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1]).href);
