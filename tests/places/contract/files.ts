/** The files that the contract takes, by name. */
const paths = [
  "examples/images/chelsea.png",
  "examples/images/rocket.jpg",
  "weights/mlnet_resnet18.npz",
  "tests/data/contract/golden.json",
];

/** Copies them into a folder that is served. */
export async function copyFiles(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf("/"));
    await Deno.copyFile(
      new URL(`../../../${path}`, import.meta.url),
      `${folder}${name}`,
    );
  }
}
