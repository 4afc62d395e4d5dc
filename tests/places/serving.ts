/**
 * Servers of a project.
 *
 * @module
 */

import { node, type Project } from "./project.ts";

/** A server that runs until it is disposed. */
export interface Server extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
}

/** It would ask another host where it runs. */
const env = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  NEXT_TELEMETRY_DISABLED: "1",
};

/**
 * Starts a server of a project, and waits until it answers.
 *
 * @param program The path of its command line in `node_modules`.
 * @param args Its arguments, for a port.
 * @throws {Error} If it ends, or doesn't answer within a minute.
 */
export async function serving(
  project: Project,
  program: string,
  args: (port: string) => readonly string[],
): Promise<Server> {
  await project.copy("serve.js");
  const { port } = takePort();
  const [npx, ...rest] = node;
  const child = new Deno.Command(npx, {
    args: [
      ...[...rest, "serve.js", `node_modules/${program}`],
      ...args(`${port}`),
    ],
    cwd: project.folder,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = Promise.all(
    [child.stdout, child.stderr].map((stream) => new Response(stream).text()),
  );
  let ended = false;
  const status = child.status.then(() => ended = true);
  const end = async () => {
    await child.stdin.close().catch(() => {}); // It may have ended by itself.
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
  throw new Error(`${program}: ${await end()}`);
}

/** A port that is free now. */
function takePort(): Deno.NetAddr {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr as Deno.NetAddr;
}
