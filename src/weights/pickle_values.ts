/**
 * Values of a pickle that are neither plain data nor known here: names of classes and functions, and
 * what they would make. They are inert: nothing is imported, nothing is called.
 *
 * @module
 */

/** A class or function, by its name alone. */
export class Global {
  /** @param path `module.name`, cut to a length that suits messages. */
  constructor(readonly path: string) {}
}

/** What a call of a global would make: an object with its arguments, its state and its items. */
export class PythonObject {
  /** What BUILD gave it: its attributes, or a pair of attributes and slots. */
  state: unknown = undefined;
  /** Its items, if its class is a list's or a set's. */
  list: unknown[] | undefined;
  /** Its items, if its class is a dict's. */
  dict: Map<unknown, unknown> | undefined;

  constructor(
    /** Name of its class, or of the function that would make it. */
    readonly path: string,
    /** The arguments of the call. */
    readonly args: readonly unknown[],
  ) {}
}

/** An object that a pickle makes and then gives a state, by the opcode BUILD. */
export abstract class PickleObject {
  /** Takes the state, which comes from the file. */
  abstract setState(state: unknown): void;
}

/** Text too long for a name, which is decoded only if a tensor's values are in it. */
export class LongText {
  constructor(readonly utf8: Uint8Array<ArrayBuffer>) {}
}
