// stock: no, the package runs in another process
/** The examples for Node: a server, and a function for AWS Lambda with real events. */

import assert from "node:assert/strict";
import { createModel, decodeImage } from "../../mod.ts";
import lambda from "../../examples/lambda/package.json" with { type: "json" };
import apiGateway from "../data/serve/api_gateway_v2.json" with {
  type: "json",
};
import functionUrl from "../data/serve/function_url.json" with { type: "json" };
import { readNpz } from "../extract/support.ts";
import { relativeError } from "../support/close.ts";
import { testNeeding } from "../support/needing.ts";
import { NpmProject } from "../platforms/npm_project.ts";
import { chelsea } from "./support.ts";

/** An answer of an AWS Lambda function. */
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

const post = (path: string, body: Uint8Array) => ({
  ...functionUrl,
  rawPath: path,
  body: body.toBase64(),
});

testNeeding(
  ["node", "npm", "npx"],
  "under Node: the server and the function for AWS Lambda",
  async (t) => {
    using model = await createModel("mlnet_resnet18", null, true);
    const input = model.preprocess(await decodeImage(chelsea));
    const want = model.forward(input).dataSync();
    await using project = await NpmProject.create(
      `hono@${lambda.dependencies.hono}`,
      "@hono/node-server@2.1.9",
    );
    await project.copy("examples/lambda/index.mjs", "lambda.mjs");
    await project.copy("examples/serve/node.mjs", "server.mjs");

    await t.step("events of a Function URL and of API Gateway", async () => {
      const events = [
        post("/features", chelsea),
        apiGateway,
        post("/features", chelsea.slice(0, 9999)),
        post("/nowhere", chelsea),
      ];
      await project.write("events.json", JSON.stringify(events));
      await project.write(
        "ask.mjs",
        `import { readFileSync } from "node:fs";
       import { handler } from "./lambda.mjs";
       const answers = [];
       for (const event of JSON.parse(readFileSync("events.json"))) {
         answers.push(await handler(event, {}));
       }
       console.log(JSON.stringify(answers));`,
      );
      const answers: Answer[] = JSON.parse(
        await project.run("node", "ask.mjs"),
      );
      assert.deepEqual(answers.map(({ statusCode }) => statusCode), [
        200,
        200,
        422,
        404,
      ]);
      const [features, summary, damaged] = answers;
      assert.equal(features.headers["content-type"], "application/x-npz");
      assert(features.isBase64Encoded);
      const { arrays } = readNpz(Uint8Array.fromBase64(features.body));
      assert(relativeError(arrays.get("flatten")!.data, want) < 1e-5);
      assert(relativeError(arrays.get("layer4")!.data, want) < 1e-5);
      assert(!summary.isBase64Encoded);
      assert.equal(JSON.parse(summary.body).rows[1].type, "Conv2d");
      assert.match(JSON.parse(damaged.body).detail, /cut short/);
    });

    await t.step("a server that exits on SIGTERM", async () => {
      await project.write(
        "ask_server.mjs",
        `import { spawn } from "node:child_process";
       import { readFileSync } from "node:fs";
       const child = spawn("node", ["server.mjs", "0"]);
       let text = "";
       const origin = await new Promise((resolve) => child.stdout.on("data", (part) => {
         text += part;
         const found = /listening on (http:\\S+)/.exec(text)?.[1];
         if (found) resolve(found);
       }));
       const body = readFileSync("chelsea.png");
       const ask = () => fetch(origin + "/features", { method: "POST", body });
       const values = (await (await ask()).json()).pictures[0].features.flatten;
       const health = await (await fetch(origin + "/healthz")).json();
       const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
       const running = Array.from({ length: 6 }, ask);
       while ((await (await fetch(origin + "/healthz")).json()).requests < 6);
       child.kill("SIGTERM");
       const statuses = (await Promise.all(running)).map(({ status }) => status);
       console.log(JSON.stringify({ values, health, statuses, code: await ended }));
       process.exit();`,
      );
      const { values, health, statuses, code } = JSON.parse(
        await project.run("node", "ask_server.mjs"),
      );
      assert(relativeError(values, want) < 1e-5);
      assert.equal(health.worker, true);
      assert.equal(
        health.network.threads,
        Math.min(navigator.hardwareConcurrency, 8),
      );
      assert.deepEqual(statuses, Array(6).fill(200));
      assert.equal(code, 0);
    });
  },
);
