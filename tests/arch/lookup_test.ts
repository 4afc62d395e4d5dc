import assert from "node:assert/strict";
import { archRow } from "../../src/arch/lookup.ts";
import { type ArchRow, archTable } from "../../src/arch/table.ts";

const row: ArchRow = {
  name: "tiny",
  block: "BasicBlock",
  layers: [1, 1, 1, 1],
};

Deno.test("archRow finds rows by name and passes good ones", () => {
  assert.equal(archRow("resnext50_32x4d"), archTable.get("resnext50_32x4d"));
  assert.equal(archRow(row), row);
  for (const known of archTable.values()) assert.equal(archRow(known), known);
});

Deno.test("archRow offers the nearest names", () => {
  assert.throws(() => archRow("wide_resnet50"), {
    name: "RangeError",
    message:
      /^there is no architecture "wide_resnet50"; did you mean "wide_resnet50_2", .*\? archTable lists all$/,
  });
});

Deno.test("archRow: bad rows", () => {
  const bad: [unknown, string, string][] = [
    [
      null,
      "TypeError",
      "arch: expected a name or a row { name, block, layers }, got null",
    ],
    [
      50,
      "TypeError",
      "arch: expected a name or a row { name, block, layers }, got 50",
    ],
    [
      { ...row, name: "" },
      "TypeError",
      'arch.name: expected a string, got ""',
    ],
    [
      { ...row, block: "Inverted" },
      "RangeError",
      'tiny.block: expected "BasicBlock" or "Bottleneck", got "Inverted"',
    ],
    [
      { ...row, layers: [1, 1] },
      "RangeError",
      "tiny.layers: expected four positive integers, got [1, 1]",
    ],
    [
      { ...row, layers: [1, 1, 0, 1] },
      "RangeError",
      "tiny.layers: expected four positive integers, got [1, 1, 0, 1]",
    ],
    [
      { ...row, layers: "1111" },
      "RangeError",
      'tiny.layers: expected four positive integers, got "1111"',
    ],
    [
      { ...row, block: "Bottleneck", groups: 0 },
      "RangeError",
      "tiny.groups: expected an integer of at least 1, got 0",
    ],
    [
      { ...row, block: "Bottleneck", widthPerGroup: 2.5 },
      "RangeError",
      "tiny.widthPerGroup: expected an integer of at least 1, got 2.5",
    ],
    [
      { ...row, numClasses: -1 },
      "RangeError",
      "tiny.numClasses: expected an integer of at least 0, got -1",
    ],
    [
      { ...row, groups: 32, widthPerGroup: 4 },
      "RangeError",
      "tiny: BasicBlock has groups 1 and widthPerGroup 64, as in torchvision; use Bottleneck",
    ],
  ];
  for (const [given, name, message] of bad) {
    assert.throws(() => archRow(given as ArchRow), { name, message });
  }
});
