/**
 * A Cloudflare Worker that runs in `workerd`, through `workerd/dev.js`.
 *
 * @module
 */

import { lines } from "../../src/formats/lines.ts";

/** Bytes in an isolate: V8's heap and array buffers at their peak, WebAssembly's memories. */
export interface IsolateMemory {
  readonly heap: number;
  readonly buffers: number;
  readonly wasm: number;
}

/** A Worker. It runs until it is disposed. */
export class DevWorker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncGenerator<string>;
  #url = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#answers = lines(child.stdout);
  }

  /**
   * Starts a Worker.
   *
   * @param folder A project with wrangler and a configuration.
   * @param config The file name of the configuration.
   * @param vars Its environment variables.
   */
  static async start(
    folder: string,
    config: string,
    vars: Readonly<Record<string, string>> = {},
  ): Promise<DevWorker> {
    await Deno.copyFile(
      new URL("workerd/dev.js", import.meta.url),
      `${folder}/dev.js`,
    );
    const worker = new DevWorker(
      new Deno.Command("npx", {
        args: ["node", "dev.js", config, JSON.stringify(vars)],
        cwd: folder,
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      }).spawn(),
    );
    worker.#url = await worker.#answer<string>();
    return worker;
  }

  /** Sends a request. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.#url), init);
  }

  /** The memory of its isolate. */
  async memory(): Promise<IsolateMemory> {
    await this.#input.write(new TextEncoder().encode("\n"));
    return await this.#answer();
  }

  async #answer<T>(): Promise<T> {
    const { done, value } = await this.#answers.next();
    if (done) throw new Error("wrangler ended");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    for await (const _line of this.#answers); // Otherwise its pipe stays open.
    await this.#child.status;
  }
}
