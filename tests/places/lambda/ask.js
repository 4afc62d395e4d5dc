// Calls the function with recorded events that carry pictures, and prints its answers' bodies and
// what the process took: node ask.js MODULE EVENT PICTURE…
import { readFile } from "node:fs/promises";
import process from "node:process";

const [module, event, ...pictures] = process.argv.slice(2);
const { handler } = await import(module);
const recorded = JSON.parse(await readFile(event, "utf8"));
const ask = async (change) => {
  const { body } = await handler({ ...recorded, ...change }, {});
  return JSON.parse(body);
};
const headers = { ...recorded.headers, accept: "application/json" };
const answers = [];
for (const picture of pictures) {
  const body = await readFile(picture, "base64");
  const rawQueryString = "layer=flatten";
  answers.push(await ask({ body, headers, rawQueryString }));
}
const requestContext = {
  ...recorded.requestContext,
  http: { ...recorded.requestContext.http, method: "GET", path: "/healthz" },
};
const { network } = await ask({
  rawPath: "/healthz",
  body: "",
  requestContext,
});
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(JSON.stringify({
  features: answers.map(({ pictures }) => pictures[0].features.flatten),
  network,
  bytes: maxRSS * 1024,
  seconds: (userCPUTime + systemCPUTime) / 1e6,
}));
