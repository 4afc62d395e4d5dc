import assert from "node:assert/strict";
import {
  asIs,
  either,
  expected,
  few,
  requireInteger,
  requireOneOf,
} from "../../src/errors/expected.ts";

Deno.test("expected X, got Y, then what to do", () => {
  const advice = "convert NCHW with fromNCHW(x)";
  for (
    const [message, text] of [
      [
        expected("", "[N, H, W, 3]", [1, 3, 224, 224], advice),
        "expected [N, H, W, 3], got [1, 3, 224, 224]; convert NCHW with fromNCHW(x)",
      ],
      [expected("maps", "a number", "x"), 'maps: expected a number, got "x"'],
      [expected("", "a tensor", undefined), "expected a tensor, got undefined"],
      [
        expected("", "a file", asIs("a folder")),
        "expected a file, got a folder",
      ],
      [expected("", "a name", {}), "expected a name, got an object"],
      [expected("", "a name", new Map()), "expected a name, got a Map"],
      [expected("", "a name", () => 1), "expected a name, got a function"],
      [
        expected("", "a decoded picture", Promise.resolve()),
        "expected a decoded picture, got a Promise; did you forget to await it?",
      ],
    ]
  ) assert.equal(message, text);
});

Deno.test("integers and names within bounds", () => {
  assert.equal(requireInteger("threads", 8, 1, 8), 8);
  assert.throws(() => requireInteger("threads", 9, 1, 8), {
    name: "RangeError",
    message: "threads: expected an integer from 1 to 8, got 9",
  });
  assert.throws(() => requireInteger("top", 1.5, 1), {
    message: "top: expected an integer of at least 1, got 1.5",
  });
  assert.throws(() => requireInteger("top", "5", 1), /got "5"/);
  assert.equal(requireOneOf("scale", "all", ["each", "all"]), "all");
  assert.throws(() => requireOneOf("scale", "none", ["each", "all"]), {
    name: "RangeError",
    message: 'scale: expected "each" or "all", got "none"',
  });
});

Deno.test("names: all of a few, the first of many", () => {
  assert.equal(either(["a"]), '"a"');
  assert.equal(either(["a", "b", "c"]), '"a", "b" or "c"');
  assert.equal(few(["a", "b", "c", "d"]), "a, b, c, d");
  assert.equal(few(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
  assert.equal(few([]), "");
});
