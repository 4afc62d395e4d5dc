// Runs a bundle in edge-runtime: node run.js BUNDLE ORIGIN
import { readFile } from "node:fs/promises";
import process from "node:process";

const name = "edge-runtime"; // Of the project that runs this, not of the lock file.
const { EdgeRuntime } = await import(name);
const [bundle, origin] = process.argv.slice(2);
const runtime = new EdgeRuntime({
  initialCode: await readFile(bundle, "utf8"),
  extend: (context) => Object.assign(context, { origin }),
});
const response = await runtime.dispatchFetch("http://localhost/");
const text = await response.text();
console.log(text);
process.exit(response.ok ? 0 : 1);
