/** Whether Deno has granted this already, so that using it neither throws nor asks the user. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  if (!("Deno" in globalThis)) return true; // other runtimes have no such permissions
  return Deno.permissions.querySync(permission).state === "granted";
}
