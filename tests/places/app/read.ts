/** Reads a file of the contract beside the page. */
export async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(`/${name}`, location.href));
  return new Uint8Array(await response.arrayBuffer());
}
