/** Whether Deno has granted this already, so that using it neither throws nor asks the user. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  if (!("Deno" in globalThis)) return true; // other runtimes have no such permissions
  return Deno.permissions.querySync(permission).state === "granted";
}

/** A variable of the environment, where there is one and it may be looked at. */
export async function environmentVariable(
  variable: string,
): Promise<string | undefined> {
  if (!isGranted({ name: "env", variable })) return undefined;
  const process = await import("node:process").catch(() => undefined);
  return process?.env[variable] || undefined;
}
