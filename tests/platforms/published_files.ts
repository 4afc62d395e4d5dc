const root = new URL("../../", import.meta.url);

/** The paths that `deno publish` would upload, with the sizes that it prints. */
export async function publishedFiles(): Promise<string[]> {
  const flags = ["--dry-run", "--allow-dirty", "--no-check"];
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["publish", ...flags],
    cwd: root,
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes))
    .join("");
  if (!success) throw new Error(text);
  return [...text.matchAll(/^\s+(file:\S+) \(/gm)]
    .map(([, url]) => url.slice(root.href.length));
}
