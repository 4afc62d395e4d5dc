import { type Fail, failReading } from "../errors/fail.ts";
import {
  Global,
  LongText,
  PickleObject,
  PythonObject,
} from "./pickle_values.ts";

/**
 * Objects that any pickle may make, and how many bytes of it each further one takes. Python's pickler
 * writes two bytes or more for an object; one takes a few hundred bytes of memory.
 */
const FREE_OBJECTS = 2 ** 18, BYTES_PER_OBJECT = 4;

/** Bytes of text above which it isn't decoded: an array's values, not a name. */
const MAX_NAME = 2 ** 16;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a pickle may refer to besides plain values. */
export interface PickleWorld {
  /**
   * The globals by `module.name` that mean something. Only {@linkcode PickleFunction}s among them are
   * ever called; all others are {@linkcode Global}s.
   */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The object of a persistent id: in PyTorch's files a storage. */
  persistent(id: unknown, fail: Fail): unknown;
}

/** Stands for a class or function: makes what a call of it makes. */
export type PickleFunction = (args: readonly unknown[], fail: Fail) => unknown;

/** The error for a pickle that goes on after the bytes at hand. */
export class CutShortError extends SyntaxError {}

/** What pickle's opcodes work on: the bytes, the stack with its marks, and the memo. */
export class PickleMachine {
  /** Position of the next byte. */
  at: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #source: string;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  /** Position of the current opcode. */
  #start: number;
  #objects = 0;
  readonly #maxObjects: number;

  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    source: string,
    readonly world: PickleWorld,
    begin: number,
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#source = source;
    this.at = this.#start = begin;
    this.#maxObjects = FREE_OBJECTS +
      Math.floor((bytes.length - begin) / BYTES_PER_OBJECT);
  }

  /** Names the current opcode's place. */
  readonly fail: Fail = (why) =>
    failReading(this.#source)(`${why} (byte ${this.#start})`);

  nextOpcode(): number {
    this.#start = this.at;
    return this.uint8();
  }

  uint8(): number {
    return this.#bytes[this.skip(1)];
  }
  uint16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }
  /** As a number, rounded beyond 2^53. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true));
  }
  /** Big-endian, as only floats are. */
  float64(): number {
    return this.#view.getFloat64(this.skip(8));
  }

  /** @returns The position of the first byte skipped. */
  skip(length: number): number {
    if (length > this.#bytes.length - this.at) throw this.#cutShort();
    this.at += length;
    return this.at - length;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const from = this.skip(length);
    return this.#bytes.subarray(from, this.at);
  }

  text(length: number): string | LongText {
    const utf8 = this.bytes(length);
    return length > MAX_NAME ? new LongText(utf8) : decoder.decode(utf8);
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.#cutShort();
    const text = decoder.decode(this.bytes(Math.min(end - this.at, MAX_NAME)));
    this.at = end + 1;
    return text;
  }

  #cutShort(): CutShortError {
    return new CutShortError(this.fail("the pickle is cut short").message);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  /** Pushes an object that takes memory. */
  pushObject(object: unknown): void {
    if (++this.#objects > this.#maxObjects) {
      throw this.fail(`more than ${this.#maxObjects} objects`);
    }
    this.push(object);
  }

  pushTuple(values: unknown[]): void {
    this.pushObject(Object.freeze(values));
  }

  pushGlobal(...[module, name]: unknown[]): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.fail("GLOBAL: expected two names");
    }
    const path = `${module}.${name}`.slice(0, 100);
    const known = this.world.globals.get(path);
    if (known !== undefined) this.push(known);
    else this.pushObject(new Global(path));
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.fail("the stack is empty");
    }
    return this.#stack.pop();
  }

  popMany(count: number): unknown[] {
    const values: unknown[] = [];
    while (count-- > 0) values.unshift(this.pop());
    return values;
  }

  /** Drops the top of the stack, be it a value or a mark. */
  drop(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  /** Pushes the top of the stack once more. */
  duplicate(): void {
    const value = this.pop();
    this.push(value);
    this.push(value);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.fail("no mark on the stack");
    return this.#stack.splice(mark);
  }

  /** Appends to the list on the stack, or to an object. */
  append(values: unknown[]): void {
    const target = this.pop();
    const list = target instanceof PythonObject
      ? target.list ??= []
      : Array.isArray(target) && !Object.isFrozen(target)
      ? target
      : undefined;
    if (list === undefined) throw this.fail("APPEND: expected a list");
    for (const value of values) list.push(value);
    this.push(target);
  }

  /** Sets items, keys and values in turn, of the dict on the stack, or of an object. */
  setItems(items: unknown[]): void {
    const target = this.pop();
    const dict = target instanceof PythonObject
      ? target.dict ??= new Map()
      : target;
    if (!(dict instanceof Map)) throw this.fail("SETITEM: expected a dict");
    if (items.length % 2 !== 0) throw this.fail("a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    this.push(target);
  }

  /** Puts the top of the stack into the memo, by default under the next number. */
  put(index = this.#memo.size): void {
    const value = this.pop();
    this.#memo.set(index, value);
    this.push(value);
  }

  /** Pushes a value of the memo. */
  get(index: number): void {
    if (!this.#memo.has(index)) throw this.fail(`the memo has no ${index}`);
    this.push(this.#memo.get(index));
  }

  /** What a function makes of a tuple of arguments; unknown ones make an inert object. */
  call(callee: unknown, args: unknown): void {
    if (!Array.isArray(args)) throw this.fail("expected a tuple of arguments");
    if (typeof callee === "function") {
      this.pushObject((callee as PickleFunction)(args, this.fail));
    } else if (callee instanceof Global || callee instanceof PythonObject) {
      this.pushObject(new PythonObject(callee.path, args));
    } else throw this.fail("expected a class or function to call");
  }

  /** Gives an object a state; an OrderedDict's, versions of the modules, is not needed. */
  build(): void {
    const [target, state] = this.popMany(2);
    if (target instanceof PickleObject) target.setState(state);
    else if (target instanceof PythonObject) target.state = state;
    this.push(target);
  }
}
