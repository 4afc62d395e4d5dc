/**
 * Functions that read a descriptor; `src/kernels/tasks.ts` lists its fields.
 *
 * @module
 */

import {
  type Callable,
  type Code,
  f32,
  i32,
  type Local,
  min_u,
  type ModuleBuilder,
  sequence,
  type Variables,
} from "./assembler.ts";
import { type Field, type TaskName, tasks } from "../../src/kernels/tasks.ts";

/** A descriptor's fields as locals. */
export type FieldLocals<T extends TaskName> = Record<Field<T>, Local>;

/** Declares a local for each field; `read` fills them from the descriptor. */
export function readFields<T extends TaskName>(
  task: T,
  variables: Variables,
  descriptor: Code,
): { fields: FieldLocals<T>; read: Code } {
  const names: readonly Field<T>[] = tasks[task];
  const locals = names.map((name, i) => {
    const type = name === "low" ? f32 : i32;
    const local = variables.local(name === "low" ? "f32" : "i32");
    return { name, local, read: local.set(type.load(descriptor, 4 * i)) };
  });
  return {
    fields: Object.fromEntries(
      locals.map(({ name, local }) => [name, local]),
    ) as FieldLocals<T>,
    read: sequence(...locals.map(({ read }) => read)),
  };
}

/** Defines a task's function. */
export function defineTask<T extends TaskName>(
  module: ModuleBuilder,
  task: T,
  body: (
    variables: Variables,
    fields: FieldLocals<T>,
    chunk: Local,
    thread: Local,
  ) => Code,
): Callable {
  return module.define(
    task,
    ["i32", "i32", "i32"],
    (variables, descriptor, chunk, thread) => {
      const { fields, read } = readFields(task, variables, descriptor);
      return [...read, ...body(variables, fields, chunk, thread)];
    },
    true,
  );
}

/** Sets the first and the end of the items of chunk `index`, of `size` items each. */
export function itemsOf(
  [start, end]: readonly Local[],
  index: Code,
  size: Code,
  count: Code,
): Code {
  return sequence(
    start.set(i32.mul(index, size)),
    end.set(i32.add(start, size)),
    end.set(min_u(end, count)),
  );
}
