/**
 * Hiding the runtime from emscripten's glue code.
 *
 * That code takes its Node path wherever it finds a `process`, as in Deno: it adds handlers for
 * uncaught exceptions, and starts threads in a way that fails there. A factory is one self-contained
 * function, so its text can be evaluated again in a scope that hides those names.
 *
 * @module
 */

import { looksLikeNode } from "./which.ts";

/** The names that the glue code looks for. */
const hidden: Readonly<Record<string, undefined>> = {
  process: undefined,
  require: undefined,
  _scriptDir: undefined,
};

/** Hides the names in the text of a thread. */
export const hidingText: string = Object.keys(hidden)
  .map((name) => `const ${name} = undefined;\n`).join("");

/** What a factory finds instead of the runtime's own. */
export interface Stage {
  /** Logical cores. */
  readonly cores: number;
  /** The class of Web Workers. */
  readonly Worker: unknown;
}

/**
 * Returns a factory that finds no runtime, except what is on the stage.
 *
 * @throws {EvalError} If there is a stage, and this runtime evaluates no text.
 */
export function hideRuntime<
  F extends (...parameters: never[]) => unknown,
>(factory: F, stage?: Stage): F {
  // In a minified bundle, the text may refer to variables outside it.
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
    // Cloudflare Workers and strict content policies evaluate no text. There, removing `process`
    // during the call does; but without its stage, a factory would wait forever.
    if (error instanceof EvalError && !stage) return withoutProcess(factory);
    throw error;
  }
}

/** Returns a factory that finds no `process` during its synchronous part. */
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
