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
      /^no architecture "wide_resnet50": the nearest are "wide_resnet50_2", ".*"; archTable holds all, and a row of your own is taken too$/,
  });
});

Deno.test("archRow refuses rows that are none", () => {
  const four = "four positive integers are allowed";
  const bad: [unknown, string, string][] = [
    [
      null,
      "TypeError",
      "cannot build an architecture: got null, a name or a row { name, block, layers } is allowed",
    ],
    [
      50,
      "TypeError",
      "cannot build an architecture: got number, a name or a row { name, block, layers } is allowed",
    ],
    [
      { ...row, name: "" },
      "TypeError",
      'cannot build an architecture: its name is "", a string that is not empty is allowed',
    ],
    [
      { ...row, block: "Inverted" },
      "RangeError",
      'block is "Inverted", "BasicBlock" and "Bottleneck" are allowed',
    ],
    [{ ...row, layers: [1, 1] }, "RangeError", `layers is [1,1], ${four}`],
    [
      { ...row, layers: [1, 1, 0, 1] },
      "RangeError",
      `layers is [1,1,0,1], ${four}`,
    ],
    [{ ...row, layers: "1111" }, "RangeError", `layers is "1111", ${four}`],
    [
      { ...row, block: "Bottleneck", groups: 0 },
      "RangeError",
      "groups is 0, integers from 1 up are allowed",
    ],
    [
      { ...row, block: "Bottleneck", widthPerGroup: 2.5 },
      "RangeError",
      "widthPerGroup is 2.5, integers from 1 up are allowed",
    ],
    [
      { ...row, numClasses: -1 },
      "RangeError",
      "numClasses is -1, integers from 0 up are allowed",
    ],
    [
      { ...row, groups: 32, widthPerGroup: 4 },
      "RangeError",
      "groups is 32 and widthPerGroup 4, with BasicBlock only 1 and 64 are allowed, as in torchvision",
    ],
  ];
  for (const [given, name, end] of bad) {
    const message = end.startsWith("cannot")
      ? end
      : `cannot build architecture "tiny": ${end}`;
    assert.throws(() => archRow(given as ArchRow), { name, message });
  }
});
