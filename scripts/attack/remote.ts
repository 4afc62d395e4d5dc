/**
 * Servers of weights and pictures that send without end, in tiny pieces, or not at all.
 *
 * @module
 */

import assert from "node:assert/strict";
import { withPretrained } from "../../src/weights/resolve.ts";
import { answered, type Attack, type Target } from "./attack.ts";

const rocket = await Deno.readFile("examples/images/rocket.jpg");
const included = await Deno.readFile("weights/mlnet_resnet18.npz");

/** A server of hostile answers; `sent` is how many bytes it has sent. */
export class HostileServer implements AsyncDisposable {
  sent = 0;
  /** The end, which those that never answer wait for: the process would wait for them. */
  readonly #end = Promise.withResolvers<void>();
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError },
    ({ url }) => this.#answer(new URL(url).pathname.split(".")[0]),
  );

  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  #answer(path: string): Response | Promise<Response> {
    switch (path) {
      case "/good":
        return new Response(rocket);
      case "/weights":
        return new Response(included);
      case "/endless":
        return this.#stream(() => new Uint8Array(1 << 16));
      case "/bytes": {
        let at = 0;
        return this.#stream(() => rocket.slice(at, ++at));
      }
      case "/stalled":
        return new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(rocket.slice(0, 1000)),
            pull: (controller) =>
              this.#end.promise.then(() => controller.close()),
          }),
        );
      case "/hanging":
        return this.#end.promise.then(onError);
    }
    return new Response(null, { status: 404 });
  }

  /** A body that ends with an empty piece. */
  #stream(next: () => Uint8Array): Response {
    return new Response(
      new ReadableStream({
        pull: (controller) => {
          const piece = next();
          if (piece.length === 0) return controller.close();
          this.sent += piece.length;
          controller.enqueue(piece);
        },
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.resolve();
    await this.#server.shutdown();
  }
}

const onError = () => new Response(null, { status: 500 });

/** Attacks by servers. */
export function remote(server: HostileServer): readonly Attack[] {
  const ask = async (target: Target, name: string) =>
    await target.post(
      "/features?pool=avg",
      JSON.stringify([`http://${server.host}/${name}.png`]),
      { "content-type": "application/json" },
    );
  const good = async (target: Target) =>
    answered(await ask(target, "good"), 200);
  const settings = {
    cache: false,
    maxBytes: 20e6,
    answerSeconds: 1,
    bodySeconds: 1,
    firstAttempts: 2,
    retryDelay: () => 1,
    warn() {},
  };
  const load = async (name: string) => {
    const url = `http://${server.host}/${name}.npz`;
    await withPretrained("front", url, settings, async ({ checkpoint }) => {
      for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
    });
  };
  const open = async (name: string, reason: RegExp) => {
    const before = server.sent;
    await assert.rejects(load(name), reason);
    return server.sent - before;
  };
  const goodWeights = () => load("weights");

  return [
    {
      name: "a server's picture in chunks of one byte",
      target: "server",
      isShort: true,
      good,
      async bad(target) {
        answered(await ask(target, "bytes"), 200);
        return `${rocket.length} chunks`;
      },
    },
    {
      name: "a server's picture without end",
      target: "server",
      isShort: true,
      good,
      async bad(target) {
        const before = server.sent;
        answered(await ask(target, "endless"), 413);
        const sent = server.sent - before;
        assert(sent < 80e6, `${sent} bytes`);
        return `${(sent / 1e6).toFixed(1)} MB sent`;
      },
    },
    {
      name: "a server that stalls, and one that never answers",
      target: "server",
      good,
      async bad(target) {
        answered(await ask(target, "stalled"), 422, /did not arrive in time/);
        answered(await ask(target, "hanging"), 422);
        return "2 given up";
      },
    },
    {
      name: "weights without end",
      target: "server",
      isShort: true,
      good: goodWeights,
      async bad() {
        const sent = await open("endless", /it has more than 20000000 bytes/);
        assert(sent < 60e6, `${sent} bytes`);
        return `${(sent / 1e6).toFixed(1)} MB sent`;
      },
    },
    {
      name: "weights that stall, or never come",
      target: "server",
      good: goodWeights,
      async bad() {
        await open("stalled", /nothing arrived for 1 seconds/);
        await open("hanging", /cannot fetch/);
        return "2 given up";
      },
    },
  ];
}
