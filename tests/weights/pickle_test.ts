import assert from "node:assert/strict";
import { openZip } from "../../src/formats/zip.ts";
import { openByteSource } from "../../src/runtime/open_source.ts";
import { unpickle } from "../../src/weights/pickle.ts";
import { pthWorld } from "../../src/weights/pth.ts";
import { failReading } from "../../src/errors/fail.ts";
import { Global, PythonObject } from "../../src/weights/pickle_values.ts";
import { TensorView, UnreadTensor } from "../../src/weights/tensor_view.ts";
import { tensorsIn } from "../../src/weights/tensors_in.ts";
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
    ["\x8a\x08\xff\xff\xff\xff\xff\xff\xff\xff", -1],
    ["\x8a\x09\xfe\xff\xff\xff\xff\xff\xff\xff\xff", -2],
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
  const { tensors } = tensorsIn(saved, failReading("x.pth"));
  assert.deepEqual([...tensors.keys()], ["model.w"]);
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
    const { tensors } = tensorsIn(saved, failReading("x.pth"));
    assert.ok(tensors.get("w") instanceof TensorView);
  }
});

Deno.test("tensorsIn says what it found instead", () => {
  const cases: [pickle: string, found: string][] = [
    ["N", "it has no tensors; it isn't a dict with keys"],
    ["]", "it has no tensors; it isn't a dict with keys"],
    ["}", "it has no tensors; it isn't a dict with keys"],
    ["}X\x01\x00\x00\x00aNs", 'it has no tensors; its keys are "a"'],
    // A list that contains itself, as a key.
    [
      "}]q\x00h\x00aNsX\x01\x00\x00\x00bNs",
      'it has no tensors; its keys are "b"',
    ],
  ];
  for (const [bytes, found] of cases) {
    assert.throws(
      () => tensorsIn(read("\x80\x02", bytes, "."), failReading("x.pth")),
      { name: "SyntaxError", message: `cannot read "x.pth": ${found}` },
    );
  }
});

Deno.test("tensorsIn: paths through dicts, lists, objects and modules", () => {
  const tensor = tensorPickle(0, [2], [1]);
  const object = "cown\nThing\n)\x81";
  const saved = read(
    "\x80\x02}(U\x01a](",
    ...tensor,
    "e",
    "K\x05}U\x01b",
    ...tensor,
    "s",
    "U\x01o",
    object,
    "}U\x01c",
    ...tensor,
    "sb",
    "U\x01m",
    object,
    "}(U\x0b_parametersU\x01x\x86",
    "0U\x0b_parameters}U\x06weight",
    ...tensor,
    "sU\x08_modules}U\x03sub",
    object,
    "}(U\x08_modules}U\x08_buffers}U\x04mean",
    ...tensor,
    "subsub",
    "u.",
  );
  const { tensors, inModules } = tensorsIn(saved, failReading("x.pth"));
  assert.deepEqual([...tensors.keys()], [
    "a.0",
    "5.b",
    "o.c",
    "m.weight",
    "m.sub.mean",
  ]);
  assert.deepEqual([...inModules], ["m.weight", "m.sub.mean"]);
});

Deno.test("unpickle: what isn't known is inert", () => {
  const cases: [pickle: string, path: string][] = [
    ["cos\nsystem\nU\x02ls\x85R", "os.system"],
    ["cbuiltins\neval\nU\x031+1\x85R", "builtins.eval"],
    ["cown\nThing\n)\x81}b", "own.Thing"],
    ["cown\nThing\n)}\x92", "own.Thing"],
    ["(ios\nsystem\n", "os.system"],
    ["(cos\nsystem\nU\x02lso", "os.system"],
    // What a call returns is called: getattr(os, "system")("ls").
    ["cbuiltins\ngetattr\nNU\x06system\x86RU\x02ls\x85R", "builtins.getattr"],
  ];
  for (const [bytes, path] of cases) {
    const value = read("\x80\x02", bytes, ".");
    assert.ok(value instanceof PythonObject, bytes);
    assert.equal(value.path, path);
  }
  const named = read("\x80\x02cos\nsystem\n.");
  assert.ok(named instanceof Global && named.path === "os.system");
});

Deno.test("unpickle: objects keep their items, and BUILD sets their state", () => {
  const list = read("\x80\x02cown\nList\n)\x81K\x01a(K\x02K\x03e.");
  assert.deepEqual((list as PythonObject).list, [1, 2, 3]);
  const dict = read("\x80\x02cown\nDict\n)\x81K\x01K\x02s}b.");
  assert.deepEqual((dict as PythonObject).dict, new Map([[1, 2]]));
  assert.deepEqual((dict as PythonObject).state, new Map());
});

Deno.test("unpickle rejects what is damaged, by name and place", () => {
  const cases: [pickle: string, message: string][] = [
    ["N)\x81.", "expected a class or function to call (byte 4)"],
    [
      "\x97.",
      "unsupported opcode 0x97 (NEXT_BUFFER) (byte 2)",
    ],
    ["\x82\x01.", "unsupported opcode 0x82 (EXT1) (byte 2)"],
    [
      "]U\x06system\x93.",
      "GLOBAL: expected two names (byte 11)",
    ],
    ["\x93.", "the stack is empty (byte 2)"],
    ["\xff.", "0xff isn't a pickle opcode (byte 2)"],
    ["\x80\x06.", "expected pickle protocol 0 to 5, got 6 (byte 2)"],
    ["I1x\n.", "invalid number (byte 2)"],
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
    ["N)R.", "expected a class or function to call (byte 4)"],
    ["cos\nsystem\nNR.", "expected a tuple of arguments (byte 14)"],
    ["NQ.", "a persistent id names no storage (byte 3)"],
  ];
  for (const [bytes, why] of cases) {
    assert.throws(() => read("\x80\x02", bytes), {
      name: "SyntaxError",
      message: `cannot read "x.pth": ${why}`,
    });
  }
});

Deno.test("unpickle makes no more objects than a pickle of that length has", () => {
  const dicts = new Uint8Array(4e5).fill(0x7d);
  assert.throws(() => unpickle(dicts, "x", pthWorld), {
    message: 'cannot read "x": more than 362144 objects (byte 362144)',
  });
});

Deno.test("unpickle: long text and bytes are skipped, not decoded", () => {
  const header = pickle("\x80\x02X", 0, 0, 16, 0);
  const bytes = new Uint8Array(header.length + 2 ** 20 + 1).fill(0x61);
  bytes.set(header);
  bytes[bytes.length - 1] = 0x2e;
  const { value } = unpickle(bytes, "x", pthWorld);
  assert.equal(typeof value, "object");
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
  const tensorOf = (...args: [number, number[], number[]]) =>
    read("\x80\x02", ...tensorPickle(...args), ".");
  for (const args of good) assert.ok(tensorOf(...args) instanceof TensorView);
  const bad: [number, number[], number[]][] = [
    [0, [2, 5], [6, 1]],
    [2, [3, 3], [3, 1]],
    [10, [], []],
    [11, [0, 200], [1, 1]],
    [0, Array(64).fill(255), Array(64).fill(255)],
  ];
  for (const args of bad) {
    const tensor = tensorOf(...args);
    assert.ok(tensor instanceof UnreadTensor);
    assert.match(tensor.why, /exceed its storage of 10$/);
  }
  for (
    const [shape, strides] of [[[2], [1, 1]], [
      Array(65).fill(1),
      Array(65).fill(1),
    ]]
  ) {
    const tensor = tensorOf(0, shape, strides);
    assert.ok(tensor instanceof UnreadTensor);
    assert.equal(tensor.why, "its storage, shape or strides are invalid");
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
          /^cannot read "x\.pth": [^]+ \(byte \d+\)$/,
        );
        refused++;
      }
    }
  }
  assert.ok(refused > 1000, `${refused} refused`);
});
