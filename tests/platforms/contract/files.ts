/** The files of the contract, by name. */
const paths = [
  "examples/images/chelsea.png",
  "examples/images/rocket.jpg",
  "weights/mlnet_resnet18.npz",
  "tests/data/contract/golden.json",
];

/** Copies the files into a folder. */
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
