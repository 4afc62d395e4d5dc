import assert from "node:assert/strict";

Deno.test("what the library prints is printable: only errors/printable.ts writes to the console", async () => {
  const printing: string[] = [];
  const look = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await look(path);
      else if (/\.[jt]s$/.test(name)) {
        const code = (await Deno.readTextFile(path))
          .replaceAll(/^ *(\/\*\*|\*|\/\/).*$/gm, "");
        if (/\bconsole\.[a-z]+/.test(code)) printing.push(path);
      }
    }
  };
  await look("src");
  assert.deepEqual(printing, ["src/errors/printable.ts"]);
});
