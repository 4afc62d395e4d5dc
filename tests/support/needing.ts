/**
 * Tests that need more than Deno, and much of npm's registry: skipped with their reason, unless
 * `LAYERTAP_CI=1` asks for them. Then something that is missing is a failure.
 *
 * @module
 */

const isCi = (() => {
  const variable = "LAYERTAP_CI";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" && Deno.env.get(variable) === "1";
})();

/** Why a test of these programs can't run; undefined if it can. */
export function missing(programs: readonly string[]): string | undefined {
  if (!isCi) return `it needs ${programs.join(" and ")}; LAYERTAP_CI=1 runs it`;
  for (const program of programs) {
    try {
      const { success } = new Deno.Command(program, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      }).outputSync();
      if (!success) return `${program} doesn't start`;
    } catch (error) {
      return `${program}: ${(error as Error).message}`;
    }
  }
}

/** `Deno.test`, skipped for a reason if there is one; with `LAYERTAP_CI=1` that is a failure. */
export function testUnless(
  reason: string | undefined,
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  if (reason !== undefined) console.log(`skipped: ${name}: ${reason}`);
  Deno.test({
    name,
    ignore: reason !== undefined && !isCi,
    fn: reason === undefined ? fn : () => {
      throw new Error(reason);
    },
  });
}
