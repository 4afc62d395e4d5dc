import { cpus } from "node:os";

/** What runs the bench: `AMD EPYC, 2 cores, Deno 2.9.6 (V8 …), linux`. */
export function machine(): string {
  const cores = cpus();
  const { deno, v8 } = Deno.version;
  return `${cores[0]?.model.trim() ?? "unknown processor"}, ${cores.length} ` +
    `cores, Deno ${deno} (V8 ${v8}), ${Deno.build.os}`;
}

/** Processes that wanted to run, over the last minute: what else the machine does. */
export const load = (): string => Deno.loadavg()[0].toFixed(2);
