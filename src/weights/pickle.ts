/**
 * Reads pickles as data.
 *
 * A pickle is a program for a small stack machine. This one only builds values: plain ones, what
 * `world` makes, and inert {@linkcode PythonObject}s for everything else. It imports and calls
 * nothing. Every opcode does a bounded amount of work, and every value costs the file at least one
 * byte.
 *
 * Source: CPython 3.11, `Lib/pickletools.py`; PyTorch 1.13, `torch/_weights_only_unpickler.py`.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { PickleMachine, type PickleWorld } from "./pickle_machine.ts";
import { Op, opcodeName } from "./pickle_opcodes.ts";

type Instruction = (machine: PickleMachine) => void;

/** What each opcode does; the others, extensions and buffers out of band, are rejected. */
const instructions: Readonly<Record<number, Instruction>> = {
  [Op.PROTO]: (m) => {
    const protocol = m.uint8();
    if (protocol <= 5) return;
    throw m.fail(expected("", "pickle protocol 0 to 5", protocol));
  },
  [Op.FRAME]: (m) => m.skip(8),
  [Op.MARK]: (m) => m.mark(),
  [Op.NONE]: (m) => m.push(null),
  [Op.NEWTRUE]: (m) => m.push(true),
  [Op.NEWFALSE]: (m) => m.push(false),
  [Op.BININT]: (m) => m.push(m.int32()),
  [Op.BININT1]: (m) => m.push(m.uint8()),
  [Op.BININT2]: (m) => m.push(m.uint16()),
  [Op.INT]: (m) => m.push(integer(m.line(), m)),
  [Op.LONG]: (m) => m.push(integer(m.line().replace(/L$/, ""), m)),
  [Op.FLOAT]: (m) => m.push(Number(m.line())),
  [Op.LONG1]: (m) => m.push(signedInteger(m.bytes(m.uint8()))),
  [Op.LONG4]: (m) => m.push(signedInteger(m.bytes(m.uint32()))),
  [Op.BINFLOAT]: (m) => m.push(m.float64()),
  [Op.BINUNICODE]: (m) => m.push(m.text(m.uint32())),
  [Op.BINSTRING]: (m) => m.push(m.text(m.uint32())),
  [Op.SHORT_BINUNICODE]: (m) => m.push(m.text(m.uint8())),
  [Op.SHORT_BINSTRING]: (m) => m.push(m.text(m.uint8())),
  [Op.BINUNICODE8]: (m) => m.push(m.text(m.uint64())),
  [Op.UNICODE]: (m) => m.push(m.line()),
  [Op.STRING]: (m) => m.push(m.line().slice(1, -1)),
  [Op.BINBYTES]: (m) => m.pushObject(m.bytes(m.uint32())),
  [Op.SHORT_BINBYTES]: (m) => m.pushObject(m.bytes(m.uint8())),
  [Op.BINBYTES8]: (m) => m.pushObject(m.bytes(m.uint64())),
  [Op.BYTEARRAY8]: (m) => m.pushObject(m.bytes(m.uint64())),
  [Op.EMPTY_LIST]: (m) => m.pushObject([]),
  [Op.EMPTY_DICT]: (m) => m.pushObject(new Map()),
  [Op.EMPTY_SET]: (m) => m.pushObject([]),
  [Op.FROZENSET]: (m) => m.pushTuple(m.popToMark()),
  [Op.LIST]: (m) => m.pushObject(m.popToMark()),
  [Op.DICT]: (m) => {
    const items = m.popToMark();
    m.pushObject(new Map());
    m.setItems(items);
  },
  [Op.EMPTY_TUPLE]: (m) => m.pushTuple([]),
  [Op.TUPLE]: (m) => m.pushTuple(m.popToMark()),
  [Op.TUPLE1]: (m) => m.pushTuple(m.popMany(1)),
  [Op.TUPLE2]: (m) => m.pushTuple(m.popMany(2)),
  [Op.TUPLE3]: (m) => m.pushTuple(m.popMany(3)),
  [Op.APPEND]: (m) => m.append(m.popMany(1)),
  [Op.APPENDS]: (m) => m.append(m.popToMark()),
  [Op.ADDITEMS]: (m) => m.append(m.popToMark()),
  [Op.SETITEM]: (m) => m.setItems(m.popMany(2)),
  [Op.SETITEMS]: (m) => m.setItems(m.popToMark()),
  [Op.BINPUT]: (m) => m.put(m.uint8()),
  [Op.LONG_BINPUT]: (m) => m.put(m.uint32()),
  [Op.PUT]: (m) => m.put(integer(m.line(), m)),
  [Op.MEMOIZE]: (m) => m.put(),
  [Op.BINGET]: (m) => m.get(m.uint8()),
  [Op.LONG_BINGET]: (m) => m.get(m.uint32()),
  [Op.GET]: (m) => m.get(integer(m.line(), m)),
  [Op.POP]: (m) => m.drop(),
  [Op.POP_MARK]: (m) => void m.popToMark(),
  [Op.DUP]: (m) => m.duplicate(),
  [Op.GLOBAL]: (m) => m.pushGlobal(m.line(), m.line()),
  [Op.STACK_GLOBAL]: (m) => m.pushGlobal(...m.popMany(2)),
  [Op.BINPERSID]: (m) => m.pushObject(m.world.persistent(m.pop(), m.fail)),
  [Op.PERSID]: (m) => m.pushObject(m.world.persistent(m.line(), m.fail)),
  [Op.REDUCE]: (m) => callWith(m, 2),
  [Op.NEWOBJ]: (m) => callWith(m, 2),
  [Op.NEWOBJ_EX]: (m) => callWith(m, 3),
  // Instances of Python 2's classes.
  [Op.OBJ]: (m) => {
    const [callee, ...args] = m.popToMark();
    m.call(callee, args);
  },
  [Op.INST]: (m) => {
    m.pushGlobal(m.line(), m.line());
    const callee = m.pop();
    m.call(callee, m.popToMark());
  },
  [Op.BUILD]: (m) => m.build(),
};

/**
 * The value that a pickle describes: `null`, booleans, numbers, strings (also for Python 2's bytes;
 * long ones undecoded), `Uint8Array`s, arrays (for lists and sets; frozen ones for tuples), `Map`s (for
 * dicts), what `world` makes, and {@linkcode PythonObject}s. Values may contain themselves.
 *
 * @param source The pickle's name, for messages.
 * @param begin Where in `bytes` it begins.
 * @returns The value, and where the pickle ends.
 * @throws {SyntaxError} If it is damaged; a {@linkcode CutShortError} if it goes on after `bytes`.
 */
export function unpickle(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  world: PickleWorld,
  begin = 0,
): { value: unknown; end: number } {
  const machine = new PickleMachine(bytes, source, world, begin);
  for (;;) {
    const opcode = machine.nextOpcode();
    if (opcode === Op.STOP) return { value: machine.pop(), end: machine.at };
    const instruction = instructions[opcode];
    if (instruction === undefined) throw machine.fail(unknownOpcode(opcode));
    instruction(machine);
  }
}

function unknownOpcode(opcode: number): string {
  const name = opcodeName(opcode);
  const hex = `0x${opcode.toString(16).padStart(2, "0")}`;
  return name === undefined
    ? `${hex} isn't a pickle opcode`
    : `unsupported opcode ${hex} (${name})`;
}

/** Calls a function; keywords, the third value if there are three, are arguments too. */
function callWith(machine: PickleMachine, count: 2 | 3): void {
  const [callee, args, keywords] = machine.popMany(count);
  const all = count === 3 && Array.isArray(args) ? [...args, keywords] : args;
  machine.call(callee, all);
}

/** A number as text; long ones, which are no length or index, are rounded. */
function integer(digits: string, { fail }: PickleMachine): number {
  // Protocols 0 and 1 write booleans as 00 and 01.
  if (!/^-?\d+$/.test(digits)) throw fail("invalid number");
  return Number(digits);
}

/** Two's complement, little-endian; rounded where it is beyond 2^53. */
function signedInteger(bytes: Uint8Array): number {
  const sign = bytes.length > 0 && bytes[bytes.length - 1] >= 0x80 ? -1 : 0;
  // Beyond any float, whatever its digits.
  if (bytes.length > 128) return sign < 0 ? -Infinity : Infinity;
  // A negative number is -1 less what its inverted bytes say, which is exact if it is small.
  let value = 0;
  for (const byte of bytes.toReversed()) {
    value = value * 256 + (byte ^ sign & 255);
  }
  return sign < 0 ? -1 - value : value;
}
