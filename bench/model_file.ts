/** Why a contestant has no model file; undefined if it exists. */
export async function whyMissing(path: string): Promise<string | undefined> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `no ${path}: python3 scripts/make_bench_models.py bench/models writes it`;
  }
}
