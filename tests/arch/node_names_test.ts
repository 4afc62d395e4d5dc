// stock: no, it tests names and tables, not the kernels
import assert from "node:assert/strict";
import { archTable } from "../../mod.ts";
import { modulesOf } from "../../src/arch/module.ts";
import { buildResNet } from "../../src/arch/resnet.ts";
import { traceForward } from "../../src/arch/trace.ts";

const file = await Deno.open(
  new URL("../data/node_names.json.gz", import.meta.url),
);
const printed: Record<string, { nodes: string[]; modules: string[] }> =
  await new Response(
    file.readable.pipeThrough(new DecompressionStream("gzip")),
  ).json();

Deno.test("names of nodes and modules are torchvision's, for all ten architectures", () => {
  assert.equal(Object.keys(printed).length, 10);
  for (const [arch, { nodes, modules }] of Object.entries(printed)) {
    const trace = traceForward(buildResNet(archTable.get(arch)!));
    // torchvision's list begins with the input.
    assert.deepEqual(["x", ...trace.nodes.keys()], nodes, arch);
    assert.deepEqual([...modulesOf(trace.root)].map((m) => m.name), modules);
  }
});
