/**
 * Tests that need more than Deno: skipped with their reason where something is missing, failing
 * where `LAYERTAP_CI=1` says that it has to be there.
 *
 * @module
 */

/** Whether what is missing is a failure. */
export const isCi: boolean = (() => {
  const variable = "LAYERTAP_CI";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" && Deno.env.get(variable) === "1";
})();

/** What these programs need that isn't there; undefined if all of them start. */
export function missing(programs: readonly string[]): string | undefined {
  for (const program of programs) {
    try {
      const { success } = new Deno.Command(program, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      }).outputSync();
      if (!success) return `${program} doesn't start`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        return `there is no ${program}`;
      }
      return `${program}: ${(error as Error).message}`;
    }
  }
}

/** What a test needs from elsewhere can't be had just now. */
export class UnreachableError extends Error {}

/**
 * `Deno.test`, skipped for a reason if there is one, or if it throws an
 * {@linkcode UnreachableError}.
 */
export function testUnless(
  reason: string | undefined,
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  if (reason !== undefined) console.log(`skipped: ${name}: ${reason}`);
  Deno.test({
    name,
    ignore: reason !== undefined && !isCi,
    async fn(t) {
      if (reason !== undefined) throw new Error(reason);
      try {
        await fn(t);
      } catch (error) {
        if (isCi || !(error instanceof UnreachableError)) throw error;
        console.log(`skipped: ${name}: ${error.message}`);
      }
    },
  });
}
