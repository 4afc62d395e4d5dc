import { cpus } from "node:os";

/** Describes the machine: `AMD EPYC, 2 cores, Deno 2.9.6 (V8 …), linux`. */
export function machine(): string {
  const cores = cpus();
  const { deno, v8 } = Deno.version;
  return `${cores[0]?.model.trim() ?? "unknown processor"}, ${cores.length} ` +
    `cores, Deno ${deno} (V8 ${v8}), ${Deno.build.os}`;
}

/** The load average of the last minute. */
export const load = (): string => Deno.loadavg()[0].toFixed(2);
