import { expected } from "../errors/expected.ts";
import { type Fail, failReading } from "../errors/fail.ts";

/** Longest pickle to read, in bytes; a whole network's with its optimizer's state has under 1 MB. */
export const MAX_PICKLE: number = 4 * 2 ** 20;

/** Most objects to make: some cost the file a byte, and memory a few hundred. */
const MAX_OBJECTS = 2 ** 18;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a pickle may refer to besides plain values. */
export interface PickleWorld {
  /** The globals by `module.name`. Only those that are {@linkcode PickleFunction}s can be called. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The object of a persistent id: in PyTorch's files a storage. */
  persistent(id: unknown, fail: Fail): unknown;
}

/** Stands for a class or function: makes what a call of it makes. */
export type PickleFunction = (args: readonly unknown[], fail: Fail) => unknown;

/** An object that a pickle makes and then gives a state, by the opcode BUILD. */
export abstract class PickleObject {
  /** Takes the state, which comes from the file. */
  abstract setState(state: unknown, fail: Fail): void;
}

/** Modules whose classes mean that a whole model was pickled. */
const MODEL_MODULES = /^(torch\.nn|torchvision|timm|__main__)\b/;

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
    if (bytes.length > MAX_PICKLE) {
      const most = `a pickle of at most ${MAX_PICKLE} bytes`;
      throw this.fail(expected("", most, bytes.length));
    }
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
  /** Big-endian, as only floats are. */
  float64(): number {
    return this.#view.getFloat64(this.skip(8));
  }

  /** @returns The position of the first byte skipped. */
  skip(length: number): number {
    if (length > this.#bytes.length - this.at) {
      throw this.fail("the pickle is cut short");
    }
    this.at += length;
    return this.at - length;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const from = this.skip(length);
    return this.#bytes.subarray(from, this.at);
  }

  text(length: number): string {
    return decoder.decode(this.bytes(length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.fail("the pickle is cut short");
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  /** Pushes an object that takes memory. */
  pushObject(object: unknown): void {
    if (++this.#objects > MAX_OBJECTS) {
      throw this.fail(`more than ${MAX_OBJECTS} objects`);
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
    if (!this.world.globals.has(path)) {
      throw failReading(this.#source)(
        MODEL_MODULES.test(module)
          ? `it is a whole pickled model (${path}); save model.state_dict() instead`
          : `it names ${path}, which no state dict does; save model.state_dict() alone`,
      );
    }
    this.push(this.world.globals.get(path));
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

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.fail("no mark on the stack");
    return this.#stack.splice(mark);
  }

  /** Appends to the list on the stack. */
  append(values: unknown[]): void {
    const list = this.pop();
    if (!Array.isArray(list) || Object.isFrozen(list)) {
      throw this.fail("APPEND: expected a list");
    }
    for (const value of values) list.push(value);
    this.push(list);
  }

  /** Sets items, keys and values in turn, of the dict on the stack. */
  setItems(items: unknown[]): void {
    const dict = this.pop();
    if (!(dict instanceof Map)) throw this.fail("SETITEM: expected a dict");
    if (items.length % 2 !== 0) throw this.fail("a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    this.push(dict);
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

  /** Calls a function with a tuple of arguments. */
  call(): void {
    const [callee, args] = this.popMany(2);
    if (typeof callee !== "function" || !Array.isArray(args)) {
      throw this.fail("REDUCE: expected a function and arguments");
    }
    this.pushObject((callee as PickleFunction)(args, this.fail));
  }

  /** Gives an object a state; an OrderedDict's, versions of the modules, is not needed. */
  build(): void {
    const [target, state] = this.popMany(2);
    if (target instanceof PickleObject) target.setState(state, this.fail);
    else if (!(target instanceof Map)) {
      throw this.fail("BUILD: expected an object with a state");
    }
    this.push(target);
  }
}
