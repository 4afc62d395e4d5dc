// stock: no, it tests messages
/** Whatever a path leads to: no error quotes bytes of it. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { decodeImage } from "../../mod.ts";
import { inputRefs } from "../../src/extract/input_refs.ts";
import { readVectors } from "../../src/extract/mod.ts";
import { openCheckpoint } from "../../src/weights/mod.ts";
import { fail, inFolder } from "../cli/support.ts";

const secret = "root:x:0:0:topsecret";

/** The secret, alone and behind the first bytes of each format. */
const starts: readonly string[] = [
  "",
  "{",
  `{"`,
  `{"a": `,
  "\x93NUMPY\x01\x00\x16\x00",
  "\x93NUMPY\x01\x00\x20\x00{'descr': '",
  "PK\x03\x04",
  "PAR1",
  "\x80\x02X",
  "\x80\x02c",
  "\x15\0\0\0\0\0\0\0{",
  "\xff\xd8\xff\xfe",
  "\x89PNG\r\n\x1a\n",
  "RIFF\x10\0\0\0WEBP",
];

Deno.test("errors quote nothing of a file that isn't what it should be", async () => {
  await inFolder(async (folder) => {
    const openers: Record<string, (path: string) => Promise<unknown>> = {
      png: decodeImage,
      pth: async (path) => (await openCheckpoint(path)).close(),
      async npy(path) {
        for await (const { load } of inputRefs([path], decodeImage as never)) {
          await load();
        }
      },
    };
    for (const ending of ["npz", "safetensors", "parquet", "jsonl"]) {
      openers[ending] = (path) => Array.fromAsync(readVectors(path));
    }
    let refused = 0;
    for (const start of starts) {
      const content = Uint8Array.from(
        start + secret + "\n",
        (char) => char.charCodeAt(0),
      );
      for (const [ending, open] of Object.entries(openers)) {
        const path = `${folder}/file.${ending}`;
        await Deno.writeFile(path, content);
        try {
          await open(path);
        } catch (error) {
          refused++;
          // With its causes, as a program that ends by it prints it.
          assert.doesNotMatch(
            inspect(error).replace(/\n +at .*/g, ""),
            /secret|:0:0/,
            `${JSON.stringify(start)} as ${ending}`,
          );
        }
      }
    }
    assert(refused > 0.9 * starts.length * Object.keys(openers).length);

    const config = `${folder}/config.json`;
    await Deno.writeTextFile(config, secret);
    await fail(
      [
        "extract",
        "a.png",
        "--layer",
        "conv1",
        "--out",
        "-",
        "--preset",
        config,
      ],
      1,
      /^(?!.*secret).*invalid JSON/,
    );
  });
});
