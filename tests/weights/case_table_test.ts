// stock: no, it tests files, not the kernels
import assert from "node:assert/strict";
import { caseTable } from "../../scripts/case_table.ts";

Deno.test("docs/which_network.md says what is said of each file", async () => {
  const page = await Deno.readTextFile(
    new URL("../../docs/which_network.md", import.meta.url),
  );
  const cells = page.split("\n").filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((c) => c.trim()));
  const rows = await caseTable();
  assert(rows.length >= 30);
  assert.deepEqual(cells, rows.map(({ what, said }) => [what, said]));
});

Deno.test("which network: one or two lines, without a wrong number of names", async () => {
  for (const { file, said } of await caseTable()) {
    assert(said.length < 400, `${file}: ${said.length} characters`);
    assert(!said.includes("undefined"), file);
  }
});
