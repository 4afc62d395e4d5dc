import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ElementArray } from "../../src/formats/elements.ts";
import { decodeFloat16, encodeFloat16 } from "../../src/formats/float16.ts";
import { decodeNpy, encodeNpy, npyHeader } from "../../src/formats/npy.ts";
import { openZip } from "../../src/formats/zip.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { fileBytes, folder } from "../weights/fixtures.ts";

interface Expected {
  dtype: string;
  shape: number[];
  values: number[];
}
const expected: Record<string, Expected> = JSON.parse(
  readFileSync(`${folder}/arrays.json`, "utf8"),
);

/** The `.npy` files that NumPy wrote, by name. */
async function* numpyFiles() {
  const archive = await openZip(await openByteSource(fileBytes("arrays.npz")));
  for (const entry of archive.entries.keys()) {
    const name = entry.replace(/\.npy$/, "");
    const { dtype, shape, values } = expected[name.replace(/_version_\d$/, "")];
    yield { name, bytes: await archive.read(entry), dtype, shape, values };
  }
}

Deno.test("decodeNpy reads what NumPy writes: types, byte orders, versions, Fortran order", async () => {
  let count = 0;
  for await (const { name, bytes, dtype, shape, values } of numpyFiles()) {
    const array = decodeNpy(bytes, name);
    assert.equal(array.dtype, dtype, name);
    assert.deepEqual(array.shape, shape, name);
    assert.deepEqual(Array.from(array.data as Float32Array, Number), values);
    count++;
  }
  assert.equal(count, 25);
});

Deno.test("encodeNpy writes NumPy's own bytes", async () => {
  let count = 0;
  for await (const { name, bytes, dtype, shape, values } of numpyFiles()) {
    if (/^>|version|fortran/.test(name)) continue;
    const { data } = decodeNpy(bytes, name);
    const stored: ElementArray = dtype === "float16"
      ? encodeFloat16(Float32Array.from(values))
      : data;
    const given = dtype === "float16" || dtype === "bool" ? dtype : undefined;
    assert.deepEqual(encodeNpy(stored, shape, given), bytes, name);
    count++;
  }
  assert.equal(count, 14);
});

Deno.test("npyHeader pads long shapes to the next multiple of 64", () => {
  const header = npyHeader("float32", Array(40).fill(100));
  assert.equal(header.length, 320);
  assert.equal(header.at(-1), 0x0a);
  const data = decodeNpy(npyHeader("float32", [7, 0]), "x").data;
  assert.equal(data.length, 0);
});

Deno.test("encodeNpy rejects a shape of another size and a type that NumPy lacks", () => {
  assert.throws(() => encodeNpy(new Float32Array(5), [2, 3]), {
    name: "RangeError",
    message: "encodeNpy: expected 6 elements for shape [2, 3], got 5",
  });
  assert.throws(() => npyHeader("bfloat16", [1]), {
    name: "TypeError",
    message: "cannot write bfloat16 as .npy: NumPy has no such type",
  });
});

Deno.test("a scalar in Fortran order", () => {
  for (const order of ["False", "True"]) {
    const literal = `{'descr': '<f4', 'fortran_order': ${order}, 'shape': ()}`;
    const { shape, data } = decodeNpy(npyOf(literal, 4), "x.npy");
    assert.deepEqual([shape, ...data], [[], 0]);
  }
});

/** A version 1.0 file with this header. */
function npyOf(literal: string, data = 8): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`\x00NUMPY\x01\x00__${literal}\n`);
  text[0] = 0x93;
  new DataView(text.buffer).setUint16(8, literal.length + 1, true);
  return new Uint8Array([...text, ...new Uint8Array(data)]);
}

Deno.test("decodeNpy takes the header's keys in any order and rejects anything else by name", () => {
  const { shape } = decodeNpy(
    npyOf(`{"shape":(2,),"fortran_order":False,"descr":"<f4"}`),
    "x.npy",
  );
  assert.deepEqual(shape, [2]);

  const cases: [literal: string, message: RegExp][] = [
    [
      "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
      /its elements have type "O"; expected numbers or booleans$/,
    ],
    [
      "{'descr': '<U4', 'fortran_order': False, 'shape': (2,), }",
      /its elements have type "U4"/,
    ],
    [
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
      /its header isn't that of a numeric array$/,
    ],
    [
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }",
      /its header isn't/,
    ],
    ["{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", /its header isn't/],
    ["{'descr': '<f4', 'fortran_order': False}", /its header isn't/],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2), }",
      /its header isn't/,
    ],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + exit()",
      /its header isn't/,
    ],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
      /its shape is too large/,
    ],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
      /^cannot read "x.npy": expected 12 bytes of float32 \[3\], got 8$/,
    ],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
      /expected 4 bytes of float32 \[1\], got 8$/,
    ],
  ];
  for (const [literal, message] of cases) {
    assert.throws(() => decodeNpy(npyOf(literal), "x.npy"), {
      name: "SyntaxError",
      message,
    });
  }
  assert.throws(() => decodeNpy(new Uint8Array([1, 2, 3]), "x.npy"), {
    name: "SyntaxError",
    message: /^cannot read "x.npy": it doesn't start with the .npy signature$/,
  });
  const later = npyOf("{}");
  later[6] = 4;
  assert.throws(() => decodeNpy(later, "x.npy"), {
    name: "SyntaxError",
    message: /expected \.npy version 1, 2 or 3, got 4$/,
  });
});

Deno.test("decodeNpy rejects a file cut short anywhere", async () => {
  for await (const { name, bytes } of numpyFiles()) {
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(
        () => decodeNpy(bytes.slice(0, length), name),
        SyntaxError,
        `${name} cut to ${length}`,
      );
    }
  }
});

Deno.test("float16: every pattern there and back, and rounding to even", () => {
  const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = decodeFloat16(patterns);
  assert.equal(values[0x3c00], 1);
  assert.equal(values[0xfbff], -65504);
  assert.equal(values[0x0001], 2 ** -24);
  assert.ok(Object.is(values[0x8000], -0));
  const back = encodeFloat16(values);
  patterns.forEach((pattern, i) => {
    if (!Number.isNaN(values[i])) assert.equal(back[i], pattern);
  });
  assert.ok(decodeFloat16(encodeFloat16(Float32Array.of(NaN)))[0] !== 0);

  // Halfway between neighbours: the even one; a little above: the upper.
  const between = (a: number, b: number, t: number) =>
    values[a] + (values[b] - values[a]) * t;
  for (const low of [0x0000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bfe]) {
    const even = low % 2 === 0 ? low : low + 1;
    const given = Float32Array.of(
      between(low, low + 1, 0.5),
      between(low, low + 1, 0.5001),
      between(low, low + 1, 0.4999),
      -between(low, low + 1, 0.5),
    );
    assert.deepEqual(
      [...encodeFloat16(given)],
      [even, low + 1, low, even | 0x8000],
    );
  }
  assert.deepEqual(
    [...encodeFloat16(Float32Array.of(65519.9, 65520, 1e30, -Infinity))],
    [0x7bff, 0x7c00, 0x7c00, 0xfc00],
  );
});
