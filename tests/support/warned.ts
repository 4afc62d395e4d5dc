/** Runs some work and returns the warnings that it prints. */
export async function warned(
  work: () => void | Promise<void>,
): Promise<string[]> {
  const warnings: string[] = [], { warn } = console;
  console.warn = (message) => warnings.push(message);
  try {
    await work();
  } finally {
    console.warn = warn;
  }
  return warnings;
}
