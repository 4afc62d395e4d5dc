/**
 * Tests that need programs besides Deno. They are skipped, and say why; with `LAYERTAP_CI=1` they
 * run, and a missing program fails them.
 *
 * @module
 */

const variable = "LAYERTAP_CI";
const permission = Deno.permissions.querySync({ name: "env", variable });
const runs = permission.state === "granted" && Deno.env.get(variable) === "1";

/** Fails if a program doesn't start. */
async function requireProgram(program: string): Promise<void> {
  const args = ["--version"];
  const { success } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program} --version failed`);
}

/** `Deno.test` for a test that needs these programs. Its name says so: `test:tools` filters by it. */
export function testNeeding(
  programs: readonly string[],
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  const fullName = `${name} (needs ${programs.join(", ")})`;
  if (!runs) console.log(`skipped: ${fullName}; ${variable}=1 runs it`);
  Deno.test({
    name: fullName,
    ignore: !runs,
    async fn(t) {
      for (const program of programs) await requireProgram(program);
      await fn(t);
    },
  });
}
