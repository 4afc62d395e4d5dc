import assert from "node:assert/strict";
import { openZip } from "../../src/formats/zip.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { unpickle } from "../../src/weights/pickle.ts";
import { pthWorld } from "../../src/weights/pth.ts";
import { failReading } from "../../src/errors/fail.ts";
import { findStateDict } from "../../src/weights/state_dict.ts";
import { TensorView } from "../../src/weights/tensor_view.ts";
import { fileBytes, seededRandom } from "./fixtures.ts";

/** Bytes of a pickle: strings as Latin-1, numbers as bytes. */
function pickle(...parts: (string | number)[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number"
        ? [part]
        : Array.from(part, (char) => char.charCodeAt(0))
    ),
  );
}

const read = (...parts: (string | number)[]) =>
  unpickle(pickle(...parts), "x.pth", pthWorld).value;

Deno.test("unpickle: plain values", () => {
  const cases: [pickle: string, value: unknown][] = [
    ["N", null],
    ["\x88", true],
    ["\x89", false],
    ["K\xff", 255],
    ["M\x01\x02", 513],
    ["J\xfe\xff\xff\xff", -2],
    ["\x8a\x00", 0],
    ["\x8a\x01\xff", -1],
    ["\x8a\x06\x00\x00\x00\x00\x00\x01", 2 ** 40],
    ["G\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5],
    ["X\x03\x00\x00\x00a\xc3\xa9", "aé"],
    [")", []],
    ["K\x01\x85", [1]],
    ["K\x01K\x02\x86", [1, 2]],
    ["K\x01K\x02K\x03\x87", [1, 2, 3]],
    ["(K\x01K\x02K\x03K\x04t", [1, 2, 3, 4]],
    ["]K\x01a(K\x02K\x03e", [1, 2, 3]],
    [
      "}K\x01Ns(K\x02\x88K\x03\x89u",
      new Map([[1, null], [2, true], [3, false]]),
    ],
    ["K\x07q\x05h\x05h\x05\x86\x86", [7, [7, 7]]],
    ["ccollections\nOrderedDict\n)R}b", new Map()],
    ["K\x07r\x05\x00\x01\x00j\x05\x00\x01\x00\x86", [7, 7]],
    // Python 2's: byte strings, ints beyond 32 bits as text, dicts of pairs.
    ["U\x02ab", "ab"],
    ["T\x02\x00\x00\x00ab", "ab"],
    ["I-140000000000000\n", -140000000000000],
    [
      "ccollections\nOrderedDict\n](](U\x01aK\x01e](U\x01bK\x02ee\x85R",
      new Map([["a", 1], ["b", 2]]),
    ],
    // Protocols 3 and 4.
    ["C\x02ab", new Uint8Array([97, 98])],
    ["B\x02\x00\x00\x00ab", new Uint8Array([97, 98])],
    ["\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94h\x00\x86", ["a", "a"]],
    ["\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R", new Map()],
    [
      "ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RK\x01Ns",
      new Map([[1, null]]),
    ],
    ["ccollections\nCounter\n}K\x01K\x02s\x85R", new Map([[1, 2]])],
  ];
  for (const [bytes, value] of cases) {
    assert.deepEqual(read("\x80\x02", bytes, "."), value, bytes);
  }
});

Deno.test("unpickle: a list that contains itself ends", () => {
  const list = read("\x80\x02]q\x00h\x00a.") as unknown[];
  assert.equal(list[0], list);
});

Deno.test("unpickle: one of several in a row, and where it ends", () => {
  const bytes = pickle("\x80\x02K\x01.\x80\x02K\x02.");
  assert.deepEqual(unpickle(bytes, "x", pthWorld), { value: 1, end: 5 });
  assert.deepEqual(unpickle(bytes, "x", pthWorld, 5), { value: 2, end: 10 });
  assert.throws(() => unpickle(bytes, "x", pthWorld, 10), {
    message: 'cannot read "x": the pickle is cut short (byte 10)',
  });
});

Deno.test("unpickle: options and other inert things stand beside a state dict", () => {
  const saved = read(
    "\x80\x02}(U\x04argscargparse\nNamespace\n)\x81}U\x02lrK\x01sb",
    "U\x06devicectorch\ndevice\nU\x03cpu\x85R",
    "U\x04bestcnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02f8\x85R(K\x03tbU\x01x\x86R",
    "U\x05model}U\x01w",
    ...tensorPickle(0, [2], [1]),
    "su.",
  );
  const tensors = findStateDict(saved, failReading("x.pth"));
  assert.deepEqual([...tensors.keys()], ["w"]);
});

Deno.test("unpickle: parameters of PyTorch 0.1 to 0.3, and of those the oldest", () => {
  const tensor = tensorPickle(0, [2], [1]);
  const parameter = "ctorch.nn.parameter\nParameter\n";
  for (
    const pickled of [
      [parameter, ...tensor, "\x85R(\x88\x89Ntb"],
      [parameter, ")\x81(", ...tensor, "NN\x88\x89tb"],
    ]
  ) {
    const saved = read("\x80\x02}U\x01w", ...pickled, "s.");
    assert.ok(
      findStateDict(saved, failReading("x.pth")).get("w") instanceof TensorView,
    );
  }
});

Deno.test("findStateDict says what it found instead", () => {
  const cases: [pickle: string, found: string][] = [
    ["N", "it isn't a dict with keys"],
    ["]", "it isn't a dict with keys"],
    ["}", "it isn't a dict with keys"],
    ["}X\x01\x00\x00\x00aNs", 'its keys are "a"'],
    // A list that contains itself, as a key.
    ["}]q\x00h\x00aNsX\x01\x00\x00\x00bNs", 'its keys are "b"'],
  ];
  for (const [bytes, found] of cases) {
    assert.throws(
      () => findStateDict(read("\x80\x02", bytes, "."), failReading("x.pth")),
      {
        name: "SyntaxError",
        message:
          `cannot read "x.pth": no tensors at its top or under "state_dict", "model", "model_state_dict", "state_dict_ema", "model_ema"; ${found}`,
      },
    );
  }
});

Deno.test("unpickle rejects globals, opcodes and protocols by name and place", () => {
  const cases: [pickle: string, message: string][] = [
    [
      "cos\nsystem\nX\x02\x00\x00\x00ls\x85R.",
      "it names os.system, which no state dict does; save model.state_dict() alone",
    ],
    [
      "Nc__builtin__\neval\n.",
      "it names __builtin__.eval, which no state dict does; save model.state_dict() alone",
    ],
    [
      "c__main__\nNet\n)\x81.",
      "it is a whole pickled model (__main__.Net); save model.state_dict() instead",
    ],
    ["0.", "it uses opcode 0x30 (POP), which no state dict does (byte 2)"],
    ["N)\x81.", "REDUCE: expected a function and arguments (byte 4)"],
    [
      "ios\nsystem\n.",
      "it uses opcode 0x69 (INST), which no state dict does (byte 2)",
    ],
    [
      "U\x02osU\x06system\x93.",
      "it names os.system, which no state dict does; save model.state_dict() alone",
    ],
    [
      "]U\x06system\x93.",
      "GLOBAL: expected two names (byte 11)",
    ],
    ["\x93.", "the stack is empty (byte 2)"],
    ["\xff.", "0xff isn't a pickle opcode (byte 2)"],
    ["\x80\x06.", "expected pickle protocol 2 to 5, got 6 (byte 2)"],
    ["I1x\n.", "INT: invalid number (byte 2)"],
    ["K\x01\x85K\x02a.", "APPEND: expected a list (byte 7)"],
    ["", "the pickle is cut short (byte 2)"],
    ["X\xff\xff\xff\xffabc", "the pickle is cut short (byte 2)"],
    ["cabc", "the pickle is cut short (byte 2)"],
    [".", "the stack is empty (byte 2)"],
    ["(.", "the stack is empty (byte 3)"],
    ["N(\x85.", "the stack is empty (byte 4)"],
    ["t.", "no mark on the stack (byte 2)"],
    ["h\x00.", "the memo has no 0 (byte 2)"],
    ["NNa.", "APPEND: expected a list (byte 4)"],
    ["NNNs.", "SETITEM: expected a dict (byte 5)"],
    ["}(NNNu.", "a key without a value (byte 7)"],
    ["N)R.", "REDUCE: expected a function and arguments (byte 4)"],
    [
      "ctorch\nFloatStorage\n)R.",
      "REDUCE: expected a function and arguments (byte 23)",
    ],
    ["]}b.", "BUILD: expected an object with a state (byte 4)"],
    [
      "ccollections\nOrderedDict\nN\x85R.",
      "OrderedDict: expected a list (byte 29)",
    ],
    [
      "ccollections\nOrderedDict\n]Na\x85R.",
      "OrderedDict: expected pairs (byte 31)",
    ],
    ["ccollections\nCounter\nN\x85R.", "Counter: expected a dict (byte 25)"],
    [
      "ctorch.nn.parameter\nParameter\nN\x85R.",
      "Parameter: expected a tensor (byte 34)",
    ],
    [
      "ctorch.nn.parameter\nParameter\n)\x81Nb.",
      "Parameter: expected a tuple as its state (byte 35)",
    ],
    ["NQ.", "a persistent id names no storage (byte 3)"],
    [
      "ctorch._utils\n_rebuild_tensor_v2\n)R.",
      "_rebuild_tensor: invalid arguments (byte 36)",
    ],
    ["ctorch\nSize\nN\x85R.", "torch.Size: expected a shape (byte 16)"],
  ];
  for (const [bytes, why] of cases) {
    assert.throws(() => read("\x80\x02", bytes), {
      name: "SyntaxError",
      message: `cannot read "x.pth": ${why}`,
    });
  }
});

Deno.test("unpickle rejects a pickle longer than any state dict's", () => {
  const long = new Uint8Array(5 * 2 ** 20).fill(0x7d);
  assert.throws(() => unpickle(long, "x.pth", pthWorld), {
    name: "SyntaxError",
    message: /expected a pickle of at most 4194304 bytes, got 5242880/,
  });
});

Deno.test("unpickle makes no more objects than any state dict has", () => {
  assert.throws(() => unpickle(new Uint8Array(3e5).fill(0x7d), "x", pthWorld), {
    message: 'cannot read "x": more than 262144 objects (byte 262144)',
  });
});

Deno.test("unpickle: a long list is not copied again and again", () => {
  // A list of 200,000 pairs, then OrderedDict of it 200,000 times.
  const bytes = new Uint8Array(2e6);
  let at = 0;
  const add = (text: string) => {
    bytes.set(pickle(text), at);
    at += text.length;
  };
  add("\x80\x02](NNeq\x01](");
  for (let i = 0; i < 2e5; i++) add("h\x01");
  add("e\x85q\x02ccollections\nOrderedDict\nq\x03](");
  for (let i = 0; i < 2e5; i++) add("h\x03h\x02R");
  add("e.");
  const { value } = unpickle(bytes.subarray(0, at), "x.pth", pthWorld);
  const sizes = (value as Map<unknown, unknown>[]).map(({ size }) => size);
  assert.equal(sizes.length, 2e5);
  // The first took the items, which have one key.
  assert.deepEqual([sizes.indexOf(1), sizes.lastIndexOf(1)], [0, 0]);
});

/** A tensor of a storage of 10 floats, from offset, shape and strides below 256. */
function tensorPickle(offset: number, shape: number[], strides: number[]) {
  const tuple = (
    values: number[],
  ) => ["(", ...values.flatMap((v) => ["K", v]), "t"];
  return [
    "ctorch._utils\n_rebuild_tensor_v2\n(",
    "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0atQ",
    "K",
    offset,
    ...tuple(shape),
    ...tuple(strides),
    "\x89NtR",
  ];
}

Deno.test("tensors must lie within their storage", () => {
  const good: [number, number[], number[]][] = [
    [0, [2, 5], [5, 1]],
    [1, [3, 3], [3, 1]],
    [9, [], []],
    [10, [0, 200], [1, 1]],
    [3, [250], [0]],
  ];
  for (const args of good) read("\x80\x02", ...tensorPickle(...args), ".");
  const bad: [number, number[], number[]][] = [
    [0, [2, 5], [6, 1]],
    [2, [3, 3], [3, 1]],
    [10, [], []],
    [11, [0, 200], [1, 1]],
    [0, Array(64).fill(255), Array(64).fill(255)],
  ];
  for (const args of bad) {
    assert.throws(() => read("\x80\x02", ...tensorPickle(...args), "."), {
      name: "SyntaxError",
      message: /exceeds its storage of 10 \(byte \d+\)$/,
    });
  }
  for (
    const [shape, strides] of [[[2], [1, 1]], [
      Array(65).fill(1),
      Array(65).fill(1),
    ]]
  ) {
    assert.throws(
      () => read("\x80\x02", ...tensorPickle(0, shape, strides), "."),
      {
        name: "SyntaxError",
        message: /_rebuild_tensor: invalid arguments/,
      },
    );
  }
});

Deno.test("a damaged pickle is read, or a SyntaxError", async () => {
  const random = seededRandom(1);
  let refused = 0;
  for (const file of ["views", "wrapped_model"]) {
    const archive = await openZip(
      await openByteSource(fileBytes(`${file}.pth`)),
    );
    const whole = await archive.read(`${file}/data.pkl`);
    for (let round = 0; round < 2000; round++) {
      const mutated = whole.slice();
      for (let i = random(3); i >= 0; i--) {
        mutated[random(mutated.length)] = random(256);
      }
      try {
        unpickle(mutated, "x.pth", pthWorld);
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
        assert.match(
          error.message,
          /^cannot read "x\.pth": [^]+( \(byte \d+\)|model\.state_dict\(\) (instead|alone))$/,
        );
        refused++;
      }
    }
  }
  assert.ok(refused > 1000, `${refused} refused`);
});
