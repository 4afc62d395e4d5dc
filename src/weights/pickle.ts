/**
 * Reads the subset of Python's pickle that a PyTorch state dict is written in.
 *
 * A pickle is a program for a small stack machine. Nothing of it is executed here but the
 * building of plain values: opcodes and globals outside a whitelist are refused by name. Every
 * opcode does a bounded amount of work, and every value costs the file at least one byte.
 *
 * Source: CPython 3.11, `Lib/pickletools.py`; PyTorch 1.13, `torch/_weights_only_unpickler.py`.
 *
 * @module
 */

/** Makes an error that names the file and the place. */
export type Fail = (why: string) => SyntaxError;

/** What a pickle may refer to beside plain values. */
export interface PickleWorld {
  /**
   * The globals that may be named, as `module.name`. A function stands for what calling it
   * makes; anything else cannot be called.
   */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The object behind a persistent id: in PyTorch's files a storage. */
  persistent(id: unknown, fail: Fail): unknown;
}

/** The form of the functions among {@linkcode PickleWorld.globals}. */
export type PickleFunction = (args: readonly unknown[], fail: Fail) => unknown;

const Op = {
  PROTO: 0x80,
  STOP: 0x2e,
  MARK: 0x28,
  NONE: 0x4e,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  BININT: 0x4a,
  BININT1: 0x4b,
  BININT2: 0x4d,
  LONG1: 0x8a,
  BINFLOAT: 0x47,
  BINUNICODE: 0x58,
  EMPTY_TUPLE: 0x29,
  TUPLE: 0x74,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  APPENDS: 0x65,
  EMPTY_DICT: 0x7d,
  SETITEM: 0x73,
  SETITEMS: 0x75,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  GLOBAL: 0x63,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  BUILD: 0x62,
} as const;

/** The rest of pickle's opcodes, for messages. */
const REFUSED: Readonly<Record<number, string>> = {
  0x30: "POP",
  0x31: "POP_MARK",
  0x32: "DUP",
  0x42: "BINBYTES",
  0x43: "SHORT_BINBYTES",
  0x46: "FLOAT",
  0x49: "INT",
  0x4c: "LONG",
  0x50: "PERSID",
  0x53: "STRING",
  0x54: "BINSTRING",
  0x55: "SHORT_BINSTRING",
  0x56: "UNICODE",
  0x64: "DICT",
  0x67: "GET",
  0x69: "INST",
  0x6c: "LIST",
  0x6f: "OBJ",
  0x70: "PUT",
  0x81: "NEWOBJ",
  0x82: "EXT1",
  0x83: "EXT2",
  0x84: "EXT4",
  0x8b: "LONG4",
  0x8c: "SHORT_BINUNICODE",
  0x8d: "BINUNICODE8",
  0x8e: "BINBYTES8",
  0x8f: "EMPTY_SET",
  0x90: "ADDITEMS",
  0x91: "FROZENSET",
  0x92: "NEWOBJ_EX",
  0x93: "STACK_GLOBAL",
  0x94: "MEMOIZE",
  0x95: "FRAME",
  0x96: "BYTEARRAY8",
  0x97: "NEXT_BUFFER",
  0x98: "READONLY_BUFFER",
};

/**
 * Longest pickle that is read: a whole network's with its optimizer's state has less than 1 MB,
 * and a byte can ask for an empty dict of some hundred.
 */
const MAX_LENGTH = 4 * 2 ** 20;

/**
 * The value that a pickle describes: `null`, booleans, numbers, strings, arrays (of a list or a
 * tuple), `Map`s (of a dict), and what `world` makes. Values may contain themselves.
 *
 * @param source What error messages call the pickle.
 * @throws {SyntaxError} If it is damaged, or holds what a state dict does not.
 */
export function unpickle(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  world: PickleWorld,
): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stack: unknown[] = [];
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;
  let start = 0;

  const fail: Fail = (why) =>
    new SyntaxError(`cannot read "${source}": ${why} (byte ${start})`);
  const take = (length: number) => {
    if (length > bytes.length - at) throw fail("the pickle is cut short");
    at += length;
    return at - length;
  };
  const pop = () => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw fail("nothing on the stack");
    return stack.pop();
  };
  const popMany = (count: number) => {
    const values: unknown[] = [];
    while (count-- > 0) values.unshift(pop());
    return values;
  };
  const popToMark = () => {
    const mark = marks.pop();
    if (mark === undefined) throw fail("no mark on the stack");
    return stack.splice(mark);
  };
  const text = (length: number) => {
    const from = take(length);
    return new TextDecoder().decode(bytes.subarray(from, at));
  };
  const line = () => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw fail("the pickle is cut short");
    const value = text(end - at);
    at = end + 1;
    return value;
  };
  const append = (values: unknown[]) => {
    const list = pop();
    if (!Array.isArray(list)) throw fail("items for what is no list");
    for (const value of values) list.push(value);
    stack.push(list);
  };
  const setItems = (items: unknown[]) => {
    const dict = pop();
    if (!(dict instanceof Map)) throw fail("items for what is no dict");
    if (items.length % 2 !== 0) throw fail("a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    stack.push(dict);
  };
  const put = (index: number) => {
    const value = pop();
    memo.set(index, value);
    stack.push(value);
  };
  const get = (index: number) => {
    if (!memo.has(index)) throw fail(`nothing in the memo at ${index}`);
    stack.push(memo.get(index));
  };

  if (bytes.length > MAX_LENGTH) {
    throw fail(`a pickle of ${bytes.length} bytes, at most ${MAX_LENGTH}`);
  }
  for (;;) {
    start = at;
    const opcode = bytes[take(1)];
    switch (opcode) {
      case Op.PROTO: {
        const protocol = bytes[take(1)];
        if (protocol !== 2) {
          throw fail(`pickle protocol ${protocol}, torch.save writes 2`);
        }
        break;
      }
      case Op.STOP:
        return pop();
      case Op.MARK:
        marks.push(stack.length);
        break;
      case Op.NONE:
        stack.push(null);
        break;
      case Op.NEWTRUE:
        stack.push(true);
        break;
      case Op.NEWFALSE:
        stack.push(false);
        break;
      case Op.BININT:
        stack.push(view.getInt32(take(4), true));
        break;
      case Op.BININT1:
        stack.push(bytes[take(1)]);
        break;
      case Op.BININT2:
        stack.push(view.getUint16(take(2), true));
        break;
      case Op.LONG1: {
        const length = bytes[take(1)];
        stack.push(signedInteger(bytes.subarray(take(length), at)));
        break;
      }
      case Op.BINFLOAT:
        stack.push(view.getFloat64(take(8)));
        break;
      case Op.BINUNICODE:
        stack.push(text(view.getUint32(take(4), true)));
        break;
      case Op.EMPTY_TUPLE:
      case Op.EMPTY_LIST:
        stack.push([]);
        break;
      case Op.TUPLE:
        stack.push(popToMark());
        break;
      case Op.TUPLE1:
        stack.push(popMany(1));
        break;
      case Op.TUPLE2:
        stack.push(popMany(2));
        break;
      case Op.TUPLE3:
        stack.push(popMany(3));
        break;
      case Op.APPEND:
        append(popMany(1));
        break;
      case Op.APPENDS:
        append(popToMark());
        break;
      case Op.EMPTY_DICT:
        stack.push(new Map());
        break;
      case Op.SETITEM:
        setItems(popMany(2));
        break;
      case Op.SETITEMS:
        setItems(popToMark());
        break;
      case Op.BINPUT:
        put(bytes[take(1)]);
        break;
      case Op.LONG_BINPUT:
        put(view.getUint32(take(4), true));
        break;
      case Op.BINGET:
        get(bytes[take(1)]);
        break;
      case Op.LONG_BINGET:
        get(view.getUint32(take(4), true));
        break;
      case Op.GLOBAL: {
        const name = `${line()}.${line()}`;
        if (!world.globals.has(name)) {
          throw fail(
            `GLOBAL ${name.slice(0, 100)} is not allowed in a state dict`,
          );
        }
        stack.push(world.globals.get(name));
        break;
      }
      case Op.BINPERSID:
        stack.push(world.persistent(pop(), fail));
        break;
      case Op.REDUCE: {
        const [callee, args] = popMany(2);
        if (typeof callee !== "function" || !Array.isArray(args)) {
          throw fail("a call of what cannot be called");
        }
        stack.push((callee as PickleFunction)(args, fail));
        break;
      }
      case Op.BUILD: {
        // Attributes of an OrderedDict: its `_metadata`, versions of the modules. Not needed.
        const [target] = popMany(2);
        if (!(target instanceof Map)) {
          throw fail("attributes for what is no OrderedDict");
        }
        stack.push(target);
        break;
      }
      default: {
        const hex = `0x${opcode.toString(16).padStart(2, "0")}`;
        throw fail(
          opcode in REFUSED
            ? `opcode ${hex} (${
              REFUSED[opcode]
            }) is not allowed in a state dict`
            : `${hex} is no opcode of a pickle`,
        );
      }
    }
  }
}

/** Two's complement, little-endian; rounded where it is beyond 2^53. */
function signedInteger(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes.toReversed()) value = value * 256 + byte;
  const negative = bytes.length > 0 && bytes[bytes.length - 1] >= 0x80;
  return negative ? value - 256 ** bytes.length : value;
}
