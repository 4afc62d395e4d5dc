/**
 * Reads the subset of Python's pickle in which PyTorch writes a state dict.
 *
 * A pickle is a program for a small stack machine. This one only builds plain values: opcodes and
 * globals outside a whitelist are rejected by name. Every opcode does a bounded amount of work, and
 * every value costs the file at least one byte.
 *
 * Source: CPython 3.11, `Lib/pickletools.py`; PyTorch 1.13, `torch/_weights_only_unpickler.py`.
 *
 * @module
 */

import { expected } from "../errors/expected.ts";
import { PickleMachine, type PickleWorld } from "./pickle_machine.ts";
import { Op, opcodeName } from "./pickle_opcodes.ts";

type Instruction = (machine: PickleMachine) => void;

/** What each opcode of a state dict does; all others are rejected. */
const instructions: Readonly<Record<number, Instruction>> = {
  [Op.PROTO]: (m) => {
    const protocol = m.uint8();
    if (protocol >= 2 && protocol <= 5) return;
    throw m.fail(expected("", "pickle protocol 2 to 5", protocol));
  },
  [Op.FRAME]: (m) => m.skip(8),
  [Op.MARK]: (m) => m.mark(),
  [Op.NONE]: (m) => m.push(null),
  [Op.NEWTRUE]: (m) => m.push(true),
  [Op.NEWFALSE]: (m) => m.push(false),
  [Op.BININT]: (m) => m.push(m.int32()),
  [Op.BININT1]: (m) => m.push(m.uint8()),
  [Op.BININT2]: (m) => m.push(m.uint16()),
  // Python 2 has no other opcode for an int of more than 32 bits.
  [Op.INT]: (m) => {
    const digits = m.line();
    if (!/^-?\d{1,20}$/.test(digits)) throw m.fail("INT: invalid number");
    m.push(Number(digits));
  },
  [Op.LONG1]: (m) => m.push(signedInteger(m.bytes(m.uint8()))),
  [Op.BINFLOAT]: (m) => m.push(m.float64()),
  [Op.BINUNICODE]: (m) => m.push(m.text(m.uint32())),
  [Op.BINSTRING]: (m) => m.push(m.text(m.uint32())),
  [Op.SHORT_BINUNICODE]: (m) => m.push(m.text(m.uint8())),
  [Op.SHORT_BINSTRING]: (m) => m.push(m.text(m.uint8())),
  [Op.BINBYTES]: (m) => m.pushObject(m.bytes(m.uint32())),
  [Op.SHORT_BINBYTES]: (m) => m.pushObject(m.bytes(m.uint8())),
  [Op.EMPTY_LIST]: (m) => m.pushObject([]),
  [Op.EMPTY_DICT]: (m) => m.pushObject(new Map()),
  [Op.EMPTY_TUPLE]: (m) => m.pushTuple([]),
  [Op.TUPLE]: (m) => m.pushTuple(m.popToMark()),
  [Op.TUPLE1]: (m) => m.pushTuple(m.popMany(1)),
  [Op.TUPLE2]: (m) => m.pushTuple(m.popMany(2)),
  [Op.TUPLE3]: (m) => m.pushTuple(m.popMany(3)),
  [Op.APPEND]: (m) => m.append(m.popMany(1)),
  [Op.APPENDS]: (m) => m.append(m.popToMark()),
  [Op.SETITEM]: (m) => m.setItems(m.popMany(2)),
  [Op.SETITEMS]: (m) => m.setItems(m.popToMark()),
  [Op.BINPUT]: (m) => m.put(m.uint8()),
  [Op.LONG_BINPUT]: (m) => m.put(m.uint32()),
  [Op.MEMOIZE]: (m) => m.put(),
  [Op.BINGET]: (m) => m.get(m.uint8()),
  [Op.LONG_BINGET]: (m) => m.get(m.uint32()),
  [Op.GLOBAL]: (m) => m.pushGlobal(m.line(), m.line()),
  [Op.STACK_GLOBAL]: (m) => m.pushGlobal(...m.popMany(2)),
  [Op.BINPERSID]: (m) => m.pushObject(m.world.persistent(m.pop(), m.fail)),
  [Op.REDUCE]: (m) => m.call(),
  [Op.NEWOBJ]: (m) => m.call(),
  [Op.BUILD]: (m) => m.build(),
};

/**
 * The value that a pickle describes: `null`, booleans, numbers, strings (also for Python 2's bytes),
 * `Uint8Array`s, arrays (for lists; frozen ones for tuples), `Map`s (for dicts), and what `world`
 * makes. Values may contain themselves.
 *
 * @param source The pickle's name, for messages.
 * @param begin Where in `bytes` it begins.
 * @returns The value, and where the pickle ends.
 * @throws {SyntaxError} If it is damaged, or has anything that a state dict may not have.
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
    : `it uses opcode ${hex} (${name}), which no state dict does`;
}

/** Two's complement, little-endian; rounded where it is beyond 2^53. */
function signedInteger(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes.toReversed()) value = value * 256 + byte;
  const negative = bytes.length > 0 && bytes[bytes.length - 1] >= 0x80;
  return negative ? value - 256 ** bytes.length : value;
}
