/** A name is a path, unless a URL is allowed; a root bounds where it leads. */

import assert from "node:assert/strict";
import { namedFile } from "../../src/runtime/named_file.ts";
import { readBytes } from "../../src/runtime/open_source.ts";

const png = await Deno.readFile("examples/images/chelsea.png");

Deno.test("without options a URL is a URL", async () => {
  assert.equal(await namedFile("http://a/b.png", {}), "http://a/b.png");
});

Deno.test("allowed hosts: other names are paths", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => {
      if (url.endsWith("/huge")) {
        return new Response(new Uint8Array(2 ** 25 + 1));
      }
      return new Response(png);
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const url = `http://${host}/a.png`;
  const allowedHosts = [host];
  const { name, bytes } = await readBytes(
    await namedFile(url, { allowedHosts }),
  );
  assert.deepEqual([name, bytes], [url, png]);
  await assert.rejects(
    namedFile(`http://${host}/huge`, { allowedHosts }),
    /cannot fetch ".*huge": it has more than 33554432 bytes/,
  );
  await assert.rejects(
    namedFile("http://example.org/", { allowedHosts }),
    /it leads to example.org; allowed hosts are 127/,
  );
  await assert.rejects(
    namedFile(url, { allowedHosts: [] }),
    /it is a URL, and its host is not allowed \(allowedHosts, --allow-host\)/,
  );
  for (
    const path of [
      "file:///etc/passwd",
      "data:,abc",
      "http:127.0.0.1:9002\\x.png",
      "blob:x",
    ]
  ) {
    assert.equal(await namedFile(path, { allowedHosts }), `./${path}`);
  }
  for (const path of ["a.png", "/etc/passwd", "C:\\a.png", "../a"]) {
    assert.equal(await namedFile(path, { allowedHosts: [] }), path);
  }
});

Deno.test("root: files elsewhere are refused, also through links", async () => {
  const root = "out/test/root";
  await Deno.remove(root, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${root}/inside/deep`, { recursive: true });
  await Deno.mkdir(`${root}/inside-not`);
  for (const path of ["inside/deep/a.png", "inside-not/b.png"]) {
    await Deno.writeFile(`${root}/${path}`, png);
  }
  const folder = `${root}/inside`;
  await Deno.symlink("deep/a.png", `${folder}/good`);
  await Deno.symlink("../inside-not/b.png", `${folder}/bad`);
  await Deno.symlink("../inside-not", `${folder}/folder`);
  const read = async (name: string) =>
    (await readBytes(await namedFile(name, { root: folder }))).bytes;
  for (const path of ["deep/a.png", "good", "deep/../good"]) {
    assert.deepEqual(await read(`${folder}/${path}`), png);
  }
  for (
    const path of [
      `${folder}/bad`,
      `${folder}/folder/b.png`,
      `${folder}/../inside-not/b.png`,
      `${folder}/none.png`,
      "/etc/passwd",
      folder,
    ]
  ) {
    await assert.rejects(
      read(path),
      /: there is no such file in "out\/test\/root\/inside"$/,
      path,
    );
  }
});
