import { cpus } from "node:os";

/** What runs the bench: `AMD EPYC, 2 cores, Deno 2.9.6 (V8 …), linux`. */
export function machine(): string {
  const cores = cpus();
  const { deno, v8 } = Deno.version;
  return `${cores[0]?.model.trim() ?? "unknown processor"}, ${cores.length} ` +
    `cores, Deno ${deno} (V8 ${v8}), ${Deno.build.os}`;
}

/** The load of the last minute; above 0 before a bench, something else runs. */
export const load = (): string =>
  `load ${Deno.loadavg()[0].toFixed(2)} over the last minute`;
