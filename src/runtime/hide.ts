/**
 * Hiding the runtime from emscripten's glue code.
 *
 * That code takes a Node path wherever it finds a `process`, Deno included: it adds handlers for
 * uncaught exceptions and starts threads that can't start there. A factory is one self-contained
 * function, so its text can be evaluated again in a scope where those names mean something else.
 *
 * @module
 */

import { looksLikeNode } from "./which.ts";

/** Names that are looked for; a value of `undefined` hides the runtime's own. */
const hidden: Readonly<Record<string, undefined>> = {
  process: undefined,
  require: undefined,
  _scriptDir: undefined,
};

/** Hides them in the text of a thread that follows. */
export const hidingText: string = Object.keys(hidden)
  .map((name) => `const ${name} = undefined;\n`).join("");

/** What a factory finds in place of the runtime's own. */
export interface Stage {
  /** Logical cores. */
  readonly cores: number;
  /** The class of Web Workers. */
  readonly Worker: unknown;
}

/**
 * The same factory, which finds no runtime, but what the stage has.
 *
 * @throws {EvalError} If there is a stage, and code may not be made from text here.
 */
export function hideRuntime<
  F extends (...parameters: never[]) => unknown,
>(factory: F, stage?: Stage): F {
  // The text may not stand alone: in a minified bundle it may speak of other variables.
  if (!stage && !looksLikeNode()) return factory;
  const scope = {
    ...hidden,
    ...stage && {
      navigator: { hardwareConcurrency: stage.cores },
      Worker: stage.Worker,
    },
  };
  try {
    return new Function(...Object.keys(scope), `return ${factory}`)(
      ...Object.values(scope),
    );
  } catch (error) {
    // Cloudflare Workers and strict content policies make no code from text. There `process` can be
    // taken away for the moment; but without its stage a factory would wait for ever.
    if (error instanceof EvalError && !stage) return withoutProcess(factory);
    throw error;
  }
}

/** The same factory, which finds no `process` while it looks around. */
function withoutProcess<F extends (...parameters: never[]) => unknown>(
  factory: F,
): F {
  return ((...parameters) => {
    const scope = globalThis as { process?: unknown };
    const { process } = scope;
    scope.process = undefined;
    try {
      return factory(...parameters);
    } finally {
      scope.process = process;
    }
  }) as F;
}
