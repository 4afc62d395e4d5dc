/**
 * Servers of a project.
 *
 * @module
 */

import type { Project } from "./project.ts";

/** A server that runs until it is disposed. */
export interface Server extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
}

/**
 * Starts a server of a project, with `node`, and waits until it answers.
 *
 * @param args Its arguments, for a port.
 * @throws {Error} If it ends, or doesn't answer within a minute.
 */
export async function serving(
  { folder }: Project,
  args: (port: string) => readonly string[],
): Promise<Server> {
  const { port } = takePort();
  const child = new Deno.Command("node", {
    args: [...args(`${port}`)],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = Promise.all(
    [child.stdout, child.stderr].map((stream) => new Response(stream).text()),
  );
  let ended = false;
  const status = child.status.then(() => ended = true);
  const end = async () => {
    if (!ended) child.kill();
    await status;
    return (await said).join("");
  };
  const url = `http://127.0.0.1:${port}/`;
  for (let tries = 0; tries < 300 && !ended; tries++) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response) {
      return { url, [Symbol.asyncDispose]: async () => void await end() };
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`node ${args("…").join(" ")}: ${await end()}`);
}

/** A port that is free now. */
function takePort(): Deno.NetAddr {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr as Deno.NetAddr;
}
