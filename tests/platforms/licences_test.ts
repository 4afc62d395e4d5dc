// stock: no, it tests builds
/** Builds carry the licences of what is in them. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { bundle } from "../../scripts/bundle.ts";
import { licence, licencesFile, packageOf } from "../../scripts/licences.ts";

const root = new URL("../../", import.meta.url);

Deno.test("a bundle has name, version and licence of each package in it, and no others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await bundle(
      ["--output", `${folder}/a.js`, "src/extract/load_input.ts"],
      folder,
    );
    const text = await Deno.readTextFile(`${folder}/${licencesFile}`);
    assert.match(
      text,
      /^@jsquash\/png 3\.1\.1 \(Apache-2\.0\)\n\n *Apache License/m,
    );
    assert.match(text, /^@cwasm\/jpeg-turbo 0\.1\.3 \(MIT\)$/m);
    assert.doesNotMatch(text, /^hyparquet/m);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.ok(!names.some((name) => name.endsWith(".map")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a package without a licence stops the build", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const part = {
      name: "nobody",
      version: "1.2.3",
      folder: pathToFileURL(`${folder}/`),
    };
    const message = /expected a licence of nobody 1\.2\.3/;
    await assert.rejects(licence(part), { message });
    await Deno.writeTextFile(`${folder}/LICENSE`, "As you like.\n");
    assert.equal(await licence(part), "nobody 1.2.3\n\nAs you like.");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a source belongs to its package, or to the project", async () => {
  const cached = "file:///cache/npm/registry.npmjs.org/@a/b/1.0.0/";
  const part = await packageOf(new URL("lib/c.js", cached));
  assert.deepEqual(part, {
    name: "@a/b",
    version: "1.0.0",
    folder: new URL(cached),
  });
  assert.equal(await packageOf(new URL("mod.ts", root)), undefined);
  await assert.rejects(packageOf(new URL("file:///elsewhere/c.js")), {
    message: /expected one package/,
  });
});
