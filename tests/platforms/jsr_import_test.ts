/**
 * The package as JSR serves it: the published files, over HTTP, with bare specifiers resolved, and
 * imported by an empty project.
 */

import assert from "node:assert/strict";
import denoJson from "../../deno.json" with { type: "json" };
import { publishedFiles } from "./published_files.ts";

const root = new URL("../..", import.meta.url);

async function run(
  args: string[],
  cwd: string | URL,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args,
    cwd,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Resolves a bare specifier by an import map. */
function mapped(specifier: string): string {
  for (const [key, target] of Object.entries(denoJson.imports)) {
    if (specifier === key) return target;
    if (key.endsWith("/") && specifier.startsWith(key)) {
      return target + specifier.slice(key.length);
    }
  }
  return specifier;
}

function withoutBareSpecifiers(code: string): string {
  return code.replaceAll(
    /(\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g,
    (_, before, specifier) => `${before}"${mapped(specifier)}"`,
  );
}

Deno.test("the example runs when imported over HTTP, with threads and the shipped weights", async () => {
  const files = new Set(await publishedFiles());
  for (
    const path of ["mod.ts", "src/cli/mod.ts", "weights/mlnet_resnet18.npz"]
  ) {
    assert(files.has(path), `${path} is not published`);
  }
  const requested: string[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const isClone = pathname.startsWith("/clone/");
      const path = pathname.slice(isClone ? "/clone/".length : 1);
      if (isClone && /\/jpeg(\.wasm|Simd\.js)$/.test(path)) {
        return new Response("not built", { status: 404 });
      }
      requested.push(path);
      if (!files.has(path)) return new Response("not found", { status: 404 });
      const bytes = await Deno.readFile(new URL(path, root));
      if (!/\.[jt]s$/.test(path)) return new Response(bytes);
      const type = path.endsWith(".ts") ? "typescript" : "javascript";
      return new Response(
        withoutBareSpecifiers(new TextDecoder().decode(bytes)),
        { headers: { "content-type": `text/${type}` } },
      );
    },
  );
  const origin = `127.0.0.1:${server.addr.port}`;
  const project = await Deno.makeTempDir();
  try {
    await Deno.copyFile(
      new URL("examples/images/chelsea.png", root),
      `${project}/cat.png`,
    );
    await Deno.writeTextFile(
      `${project}/main.ts`,
      `import { createModel, decodeImage, startBackend } from "http://${origin}/mod.ts";
       const { build, threads } = await startBackend({ threads: 2 });
       const model = await createModel("mlnet_resnet18", "layer4", true);
       const maps = model.forward(model.preprocess(await decodeImage("cat.png")));
       const max = Math.max(...await maps.data());
       console.log(JSON.stringify({ build, threads, shape: maps.shape, max }));`,
    );
    const answer = async (program: string) => {
      const { code, stdout, stderr } = await run([
        "run",
        "--no-prompt",
        "--no-lock",
        `--allow-import=${origin}`,
        `--allow-net=${origin}`, // The weights, beside the module.
        "--allow-read=cat.png,rocket.jpg",
        program,
      ], project);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    };
    await Deno.copyFile(
      new URL("examples/images/rocket.jpg", root),
      `${project}/rocket.jpg`,
    );
    // A clone may lack the build of the JPEG decoder.
    const decoders: Record<string, string> = { "clone/": "plain" };
    const jpeg = "src/runtime/wasm/jpeg.wasm"; // Git ignores it.
    if (await Deno.stat(new URL(jpeg, root)).catch(() => undefined)) {
      assert(files.has(jpeg), `${jpeg} is not published`);
      assert(files.has("src/runtime/wasm/jpeg_licences/libjpeg.ijg"));
      decoders[""] = "simd";
    }
    const sums = new Set<number>();
    for (const [folder, expected] of Object.entries(decoders)) {
      await Deno.writeTextFile(
        `${project}/jpeg.ts`,
        `import { decodeImage, jpegDecoder } from "http://${origin}/${folder}mod.ts";
         const { data } = await decodeImage("rocket.jpg");
         const sum = data.reduce((sum, value) => sum + value, 0);
         console.log(JSON.stringify([await jpegDecoder(), sum]));`,
      );
      const [decoder, sum] = await answer("jpeg.ts");
      assert.equal(decoder, expected);
      sums.add(sum);
    }
    assert.equal(sums.size, 1);
    requested.length = 0;

    const { build, threads, shape, max } = await answer("main.ts");
    assert.deepEqual({ build, threads, shape }, {
      build: "threaded-simd",
      threads: 2,
      shape: [1, 7, 7, 512],
    });
    assert(max > 1, `the largest feature is ${max}`);
    // The example doesn't need the command line and the server.
    assert(!requested.some((path) => /^src\/(cli|serve)\//.test(path)));
    assert.equal(requested.filter((path) => path.endsWith(".npz")).length, 1);

    await Deno.writeTextFile(
      `${project}/server.ts`,
      `import { createHandler } from "http://${origin}/src/serve/mod.ts";
       const handler = createHandler({ backend: { threads: 2 } });
       const body = await Deno.readFile("cat.png");
       const response = await handler(
         new Request("http://localhost/features", { method: "POST", body }),
       );
       const { pictures } = await response.json();
       const health = await handler(new Request("http://localhost/healthz"));
       const { worker, network } = await health.json();
       const { length } = pictures[0].features.flatten;
       console.log(JSON.stringify({ length, worker, threads: network.threads }));`,
    );
    assert.deepEqual(await answer("server.ts"), {
      length: 512,
      worker: true,
      threads: 2,
    });
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});
