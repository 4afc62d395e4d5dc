/**
 * The symbols of `using`, where they are missing, as in Safari. Compilers that lower `using` look for
 * these, too.
 *
 * Import this in every module that names one of them.
 *
 * @module
 */

const symbols = Symbol as { dispose: symbol; asyncDispose: symbol };
symbols.dispose ??= Symbol.for("Symbol.dispose");
symbols.asyncDispose ??= Symbol.for("Symbol.asyncDispose");
