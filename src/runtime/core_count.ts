/** Logical cores, as far as the runtime tells. */
export function coreCount(): number {
  const { navigator, process } = globalThis as {
    navigator?: { hardwareConcurrency?: number };
    process?: { getBuiltinModule?(id: string): unknown };
  };
  if (navigator?.hardwareConcurrency) return navigator.hardwareConcurrency;
  // Node has a navigator from version 21 on.
  const os = process?.getBuiltinModule?.("node:os");
  return (os as { availableParallelism?(): number } | undefined)
    ?.availableParallelism?.() ?? 1;
}
