/** Why a contestant has no model: undefined if its file is there. */
export async function whyMissing(path: string): Promise<string | undefined> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `no ${path}: python3 scripts/make_bench_models.py bench/models writes it`;
  }
}
