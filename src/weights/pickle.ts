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

import { Op, opcodeName } from "./pickle_opcodes.ts";

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

/** An object that a pickle makes and then gives a state, by the opcode BUILD. */
export abstract class PickleObject {
  /** Takes the state, which comes from the file. */
  abstract setState(state: unknown, fail: Fail): void;
}

/** Longest pickle that is read: a whole network's with its optimizer's state has less than 1 MB. */
export const MAX_PICKLE: number = 4 * 2 ** 20;

/** Most objects that one makes, some of which cost its file a byte and memory a few hundred. */
const MAX_OBJECTS = 2 ** 18;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The value that a pickle describes: `null`, booleans, numbers, strings (of bytes as well, in
 * Python 2's pickles), `Uint8Array`s, arrays (of a list; frozen ones of a tuple), `Map`s (of a
 * dict), and what `world` makes. Values may contain themselves.
 *
 * @param source What error messages call the pickle.
 * @param begin Where in `bytes` it begins.
 * @returns The value, and where the pickle ends.
 * @throws {SyntaxError} If it is damaged, or holds what a state dict does not.
 */
export function unpickle(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  world: PickleWorld,
  begin = 0,
): { value: unknown; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stack: unknown[] = [];
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = begin;
  let start = begin;
  let objects = 0;

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
    return decoder.decode(bytes.subarray(from, at));
  };
  const line = () => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw fail("the pickle is cut short");
    const value = text(end - at);
    at = end + 1;
    return value;
  };
  const make = (object: unknown) => {
    if (++objects > MAX_OBJECTS) throw fail(`more than ${MAX_OBJECTS} objects`);
    stack.push(object);
  };
  const append = (values: unknown[]) => {
    const list = pop();
    if (!Array.isArray(list) || Object.isFrozen(list)) {
      throw fail("items for what is no list");
    }
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

  const pushGlobal = (module: unknown, name: unknown) => {
    const path = typeof module === "string" && typeof name === "string"
      ? `${module}.${name}`
      : "that has no name";
    if (!world.globals.has(path)) {
      throw fail(`GLOBAL ${path.slice(0, 100)} is not allowed in a state dict`);
    }
    stack.push(world.globals.get(path));
  };

  if (bytes.length > MAX_PICKLE) {
    throw fail(`a pickle of ${bytes.length} bytes, at most ${MAX_PICKLE}`);
  }
  for (;;) {
    start = at;
    const opcode = bytes[take(1)];
    switch (opcode) {
      case Op.PROTO: {
        const protocol = bytes[take(1)];
        if (protocol < 2 || protocol > 5) {
          throw fail(`pickle protocol ${protocol}, known are 2 to 5`);
        }
        break;
      }
      case Op.FRAME:
        take(8);
        break;
      case Op.STOP:
        return { value: pop(), end: at };
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
      case Op.INT: {
        // Python 2 has no other opcode for an int of more than 32 bits.
        const digits = line();
        if (!/^-?\d{1,20}$/.test(digits)) throw fail("INT of what is none");
        stack.push(Number(digits));
        break;
      }
      case Op.LONG1: {
        const length = bytes[take(1)];
        stack.push(signedInteger(bytes.subarray(take(length), at)));
        break;
      }
      case Op.BINFLOAT:
        stack.push(view.getFloat64(take(8)));
        break;
      case Op.BINUNICODE:
      case Op.BINSTRING:
        stack.push(text(view.getUint32(take(4), true)));
        break;
      case Op.SHORT_BINUNICODE:
      case Op.SHORT_BINSTRING:
        stack.push(text(bytes[take(1)]));
        break;
      case Op.BINBYTES: {
        const length = view.getUint32(take(4), true);
        make(bytes.subarray(take(length), at));
        break;
      }
      case Op.SHORT_BINBYTES: {
        const length = bytes[take(1)];
        make(bytes.subarray(take(length), at));
        break;
      }
      case Op.EMPTY_LIST:
        make([]);
        break;
      case Op.EMPTY_TUPLE:
        make(Object.freeze([]));
        break;
      case Op.TUPLE:
        make(Object.freeze(popToMark()));
        break;
      case Op.TUPLE1:
        make(Object.freeze(popMany(1)));
        break;
      case Op.TUPLE2:
        make(Object.freeze(popMany(2)));
        break;
      case Op.TUPLE3:
        make(Object.freeze(popMany(3)));
        break;
      case Op.APPEND:
        append(popMany(1));
        break;
      case Op.APPENDS:
        append(popToMark());
        break;
      case Op.EMPTY_DICT:
        make(new Map());
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
      case Op.MEMOIZE:
        put(memo.size);
        break;
      case Op.BINGET:
        get(bytes[take(1)]);
        break;
      case Op.LONG_BINGET:
        get(view.getUint32(take(4), true));
        break;
      case Op.GLOBAL:
        pushGlobal(line(), line());
        break;
      case Op.STACK_GLOBAL: {
        const [module, name] = popMany(2);
        pushGlobal(module, name);
        break;
      }
      case Op.BINPERSID:
        make(world.persistent(pop(), fail));
        break;
      case Op.REDUCE:
      case Op.NEWOBJ: {
        const [callee, args] = popMany(2);
        if (typeof callee !== "function" || !Array.isArray(args)) {
          throw fail("a call of what cannot be called");
        }
        make((callee as PickleFunction)(args, fail));
        break;
      }
      case Op.BUILD: {
        const [target, state] = popMany(2);
        if (target instanceof PickleObject) target.setState(state, fail);
        // An OrderedDict's are its `_metadata`, versions of the modules, and not needed.
        else if (!(target instanceof Map)) {
          throw fail("attributes for what has none");
        }
        stack.push(target);
        break;
      }
      default: {
        const name = opcodeName(opcode);
        const hex = `0x${opcode.toString(16).padStart(2, "0")}`;
        throw fail(
          name === undefined
            ? `${hex} is no opcode of a pickle`
            : `opcode ${hex} (${name}) is not allowed in a state dict`,
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
