// stock: no, the package runs in another process
/** The npm package, installed in a project and used from Node. */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { parseTarGzip } from "nanotar";
import { createModel, decodeImage, startBackend } from "../../mod.ts";
import { reportSteps, settingName, settings } from "./contract/report.ts";
import { closeTo } from "../support/close.ts";
import { fencedBlock } from "../support/fenced_blocks.ts";
import { testNeeding } from "../support/needing.ts";
import { NpmProject, run } from "./npm_project.ts";
import { publishedFiles } from "./published_files.ts";

/** The README's example, with the project's path of the picture. */
async function readmeExample(): Promise<string> {
  const code = await fencedBlock("README.md", "ts");
  assert(code.includes("examples/images/chelsea.png"));
  return code.replace("examples/images/", "");
}

/** The newest TypeScript of each major version. */
const compilers = ["5.9.3", "6.0.3", "7.0.2"];

/** Where TypeScript 6 and 7 find the declarations of tfjs-core at fault, and of what it loads. */
const othersFaults =
  /(@webgpu\/types\/dist\/index|tfjs-core\/dist\/hash_util|lib\.dom)\.d\.ts\(/;

testNeeding(["node", "npm", "npx"], "the npm package in Node", async (t) => {
  await using project = await NpmProject.create(
    ...compilers.map((version) =>
      `typescript-${version}@npm:typescript@${version}`
    ),
  );

  await t.step(
    "the README's example gives the same numbers as in Deno",
    async () => {
      await project.write(
        "example.js",
        await readmeExample() +
          "console.log(JSON.stringify([maps.shape, [...await maps.data()]]));\n",
      );
      const [shape, values] = JSON.parse(
        await project.run("node", "example.js"),
      );
      using model = await createModel("mlnet_resnet18", "layer4", true);
      const image = await decodeImage("examples/images/chelsea.png");
      const maps = model.forward(model.preprocess(image));
      assert.deepEqual(shape, maps.shape);
      const want = await maps.data<"float32">();
      assert(Math.max(...want) > 1);
      closeTo(values, want);
    },
  );

  await t.step("the commands of docs/places.md", async () => {
    const commands = [
      ...(await fencedBlock("docs/places.md#Node", "sh")).trim().split("\n"),
      ...(await fencedBlock("docs/places.md#Node", "sh", 1)).trim().split("\n"),
    ];
    assert(commands.length <= 3);
    const [pack, install, example] = commands;
    // The first two made the project above.
    assert.equal(pack, "deno task npm");
    const tarball = `layertap-resnet-${config.version}.tgz`;
    assert.equal(install, `npm install ./out/npm/${tarball}`);
    await project.write(
      "features.js",
      await fencedBlock("docs/places.md#Node", "ts"),
    );
    const output = await project.run(...example.split(" "));
    assert.match(output, /^\[ 1, 7, 7, 512 \] \d+\.\d/);
  });

  await t.step("TypeScript finds its types, and they are right", async () => {
    await project.write(
      "typed.ts",
      `import { classify, createModel, type ResNet, type Tensor4D } from "@layertap/resnet";
       import * as tf from "@tensorflow/tfjs-core";
       import { main } from "@layertap/resnet/cli";
       import { createHandler } from "@layertap/resnet/serve";
       const model: ResNet = await createModel("resnet18", "layer4", false, { seed: 1 });
       const x: tf.Tensor4D = tf.zeros([1, 64, 64, 3]);
       const maps: Tensor4D = model.forwardFeatures(x);
       const doubled: tf.Tensor = tf.mul(maps, 2);
       // @ts-expect-error A layer is a string.
       model.truncate(4);
       // @ts-expect-error A classification has a label.
       (await classify(model, maps))[0][0].name;
       const status: number = await main([maps.shape.join()]);
       const response: Response = await createHandler()(new Request("http://localhost"));
       export { doubled, response, status };`,
    );
    for (const version of compilers) {
      const check = (...options: string[]) =>
        project.run(
          ...["node", `node_modules/typescript-${version}/bin/tsc`, "typed.ts"],
          ...["--noEmit", "--strict", "--target", "es2022", ...options],
        );
      for (
        const modules of [
          ["--module", "nodenext"],
          ["--module", "esnext", "--moduleResolution", "bundler"],
        ]
      ) {
        await check(...modules, "--skipLibCheck");
      }
      const output = await check("--module", "nodenext").catch((error: Error) =>
        error.message
      );
      const faults = output.split("\n").filter((line) =>
        line.includes("error TS")
      );
      assert.equal(faults.length > 0, version >= "6", output);
      assert.deepEqual(faults.filter((line) => !othersFaults.test(line)), []);
    }
  });

  await t.step("publint and are-the-types-wrong find nothing", async () => {
    const tarball = `layertap-resnet-${config.version}.tgz`;
    await project.run(
      ...["npx", "-y", "publint@0.3.25", "run", tarball, "--strict"],
    );
    await project.run(
      ...["npx", "-y", "@arethetypeswrong/cli@0.18.5", tarball],
      ...["--profile", "esm-only"],
    );
  });

  await t.step("it has JSR's modules and files, and its numbers", async () => {
    const tarball = `layertap-resnet-${config.version}.tgz`;
    const items = await parseTarGzip(
      await Deno.readFile(`${project.folder}/${tarball}`),
    );
    const names = new Set(items.map(({ name }) => name));
    for (const path of await publishedFiles()) {
      if (path === "deno.json") continue;
      const name = path.replace(/(?<!\.d)\.ts$/, ".js");
      assert(names.has(`package/${name}`), name);
    }
    await project.write(
      "numbers.js",
      `import { createModel, decodeImage } from "@layertap/resnet";
       const model = await createModel("mlnet_resnet18", null, true);
       const x = model.preprocess(await decodeImage("rocket.jpg"));
       console.log(JSON.stringify([...await model.forward(x).data()]));`,
    );
    const numbers = JSON.parse(
      await project.run(
        "deno",
        "run",
        "--no-lock",
        "--allow-read",
        "numbers.js",
      ),
    );
    using model = await createModel("mlnet_resnet18", null, true);
    const rocket = await decodeImage("examples/images/rocket.jpg");
    const features = model.forward(model.preprocess(rocket));
    assert.deepEqual(numbers, [...await features.data()]);
  });

  await t.step("it has as many threads as in Deno, and a server", async () => {
    await project.write(
      "server.js",
      `import { startBackend } from "@layertap/resnet";
       import { createHandler } from "@layertap/resnet/serve";
       import { readFile } from "node:fs/promises";

       const handler = createHandler({ outputLayer: "avgpool" });
       const { status } = await handler(
         new Request("http://localhost/features", {
           method: "POST",
           headers: { "content-type": "image/png" },
           body: await readFile("chelsea.png"),
         }),
       );
       const health = await handler(new Request("http://localhost/healthz"));
       const { worker, network } = await health.json();
       await handler.close();
       const { threads } = await startBackend();
       console.log(JSON.stringify([status, worker, network.threads, threads]));`,
    );
    const { threads } = await startBackend();
    assert.deepEqual(
      JSON.parse(await project.run("node", "server.js")),
      [200, true, threads, threads],
    );
  });

  await t.step("the command line", async () => {
    const version = await project.run("npx", "layertap", "--version");
    assert.equal(version, `layertap ${config.version}\n`);
    await project.run(
      ...["npx", "layertap", "extract", "chelsea.png", "rocket.jpg"],
      ...["--layer", "avgpool", "--out", "features.npz"],
    );
    const { size } = await Deno.stat(`${project.folder}/features.npz`);
    assert(size > 2 * 512 * 4, `${size}`);
  });

  const cases = `${project.folder}/contract.js`;
  await run(
    [
      ...["deno", "bundle", "--external", "@layertap/resnet"],
      ...["--output", cases, "tests/platforms/contract/main.ts"],
    ],
    ".",
  );
  const golden = await Deno.realPath("tests/data/contract/golden.json");
  for (const setting of settings) {
    await t.step(`the contract: ${settingName(setting)}`, async (t) => {
      const output = await project.run(
        ...["node", "contract.js", JSON.stringify(setting)],
        ...["node_modules/@layertap/resnet/weights/mlnet_resnet18.npz"],
        ...[golden, "."],
      );
      await reportSteps(t, JSON.parse(output), setting);
    });
  }
});
