import assert from "node:assert/strict";
import { openZip } from "../src/formats/zip.ts";
import { openByteSource } from "../src/formats/open_source.ts";
import { unpickle } from "../src/weights/pickle.ts";
import { findStateDict, torchWorld } from "../src/weights/state_dict.ts";
import { fileBytes, seededRandom } from "./weights_fixtures.ts";

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
  unpickle(pickle(...parts), "x.pth", torchWorld);

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
  ];
  for (const [bytes, value] of cases) {
    assert.deepEqual(read("\x80\x02", bytes, "."), value, bytes);
  }
});

Deno.test("unpickle: a list that contains itself ends", () => {
  const list = read("\x80\x02]q\x00h\x00a.") as unknown[];
  assert.equal(list[0], list);
});

Deno.test("findStateDict says what there is in place of one", () => {
  const cases: [pickle: string, found: string][] = [
    ["N", "no dict"],
    ["]", "no dict"],
    ["}", "no dict"],
    ["}X\x01\x00\x00\x00aNs", '"a"'],
    // A list that contains itself, as a key.
    ["}]q\x00h\x00aNsX\x01\x00\x00\x00bNs", '"b"'],
  ];
  for (const [bytes, found] of cases) {
    assert.throws(
      () => findStateDict(read("\x80\x02", bytes, "."), SyntaxError),
      {
        name: "SyntaxError",
        message:
          `no state dict: tensors are looked for at the top and under "state_dict", "model", "model_state_dict", there is ${found}`,
      },
    );
  }
});

Deno.test("unpickle refuses globals, opcodes and protocols by name and place", () => {
  const cases: [pickle: string, message: string][] = [
    [
      "cos\nsystem\nX\x02\x00\x00\x00ls\x85R.",
      "GLOBAL os.system is not allowed in a state dict (byte 2)",
    ],
    [
      "Nc__builtin__\neval\n.",
      "GLOBAL __builtin__.eval is not allowed in a state dict (byte 3)",
    ],
    ["NN\x81.", "opcode 0x81 (NEWOBJ) is not allowed in a state dict (byte 4)"],
    [
      "ios\nsystem\n.",
      "opcode 0x69 (INST) is not allowed in a state dict (byte 2)",
    ],
    [
      "\x93.",
      "opcode 0x93 (STACK_GLOBAL) is not allowed in a state dict (byte 2)",
    ],
    ["\xff.", "0xff is no opcode of a pickle (byte 2)"],
    ["\x80\x04.", "pickle protocol 4, torch.save writes 2 (byte 2)"],
    ["", "the pickle is cut short (byte 2)"],
    ["X\xff\xff\xff\xffabc", "the pickle is cut short (byte 2)"],
    ["cabc", "the pickle is cut short (byte 2)"],
    [".", "nothing on the stack (byte 2)"],
    ["(.", "nothing on the stack (byte 3)"],
    ["N(\x85.", "nothing on the stack (byte 4)"],
    ["t.", "no mark on the stack (byte 2)"],
    ["h\x00.", "nothing in the memo at 0 (byte 2)"],
    ["NNa.", "items for what is no list (byte 4)"],
    ["NNNs.", "items for what is no dict (byte 5)"],
    ["}(NNNu.", "a key without a value (byte 7)"],
    ["N)R.", "a call of what cannot be called (byte 4)"],
    ["ctorch\nFloatStorage\n)R.", "a call of what cannot be called (byte 23)"],
    ["]}b.", "attributes for what is no OrderedDict (byte 4)"],
    [
      "ccollections\nOrderedDict\n]\x85R.",
      "OrderedDict with arguments, torch.save gives it none (byte 29)",
    ],
    ["NQ.", "a persistent id that names no storage (byte 3)"],
    [
      "ctorch._utils\n_rebuild_tensor_v2\n)R.",
      "_rebuild_tensor_v2 with arguments that make no tensor (byte 36)",
    ],
    ["ctorch\nSize\nN\x85R.", "torch.Size of what is no shape (byte 16)"],
  ];
  for (const [bytes, why] of cases) {
    assert.throws(() => read("\x80\x02", bytes), {
      name: "SyntaxError",
      message: `cannot read "x.pth": ${why}`,
    });
  }
});

Deno.test("unpickle refuses a pickle that is longer than any state dict's", () => {
  const long = new Uint8Array(5 * 2 ** 20).fill(0x7d);
  assert.throws(() => unpickle(long, "x.pth", torchWorld), {
    name: "SyntaxError",
    message: /a pickle of 5242880 bytes, at most 4194304/,
  });
});

/** A tensor of a storage of 10 floats, from offset, shape and strides below 256. */
function tensorPickle(offset: number, shape: number[], strides: number[]) {
  const tuple = (
    values: number[],
  ) => ["(", ...values.flatMap((v) => ["K", v]), "t"];
  return [
    "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(",
    "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0atQ",
    "K",
    offset,
    ...tuple(shape),
    ...tuple(strides),
    "\x89NtR.",
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
  for (const args of good) read(...tensorPickle(...args));
  const bad: [number, number[], number[]][] = [
    [0, [2, 5], [6, 1]],
    [2, [3, 3], [3, 1]],
    [10, [], []],
    [11, [0, 200], [1, 1]],
    [0, Array(64).fill(255), Array(64).fill(255)],
  ];
  for (const args of bad) {
    assert.throws(() => read(...tensorPickle(...args)), {
      name: "SyntaxError",
      message: /does not fit its storage of 10 \(byte \d+\)$/,
    });
  }
  for (
    const [shape, strides] of [[[2], [1, 1]], [
      Array(65).fill(1),
      Array(65).fill(1),
    ]]
  ) {
    assert.throws(() => read(...tensorPickle(0, shape, strides)), {
      name: "SyntaxError",
      message: /with arguments that make no tensor/,
    });
  }
});

Deno.test("pickles with bytes changed are read or a SyntaxError", async () => {
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
        unpickle(mutated, "x.pth", torchWorld);
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
