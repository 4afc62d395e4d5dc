/**
 * A server that outlives what `Deno.serve` doesn't.
 *
 * @module
 */

/** A server, however often it had to start again. */
export interface Listening {
  /** How often it has started again. */
  readonly restarts: number;
  /** Stops after the last answer. */
  shutdown(): Promise<void>;
  /** Resolves once it is stopped. */
  readonly finished: Promise<void>;
}

/** Where to listen, and what to do then. */
export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  readonly onListen: (address: Deno.NetAddr) => void;
  /** Called when the server failed and will start again. */
  readonly onFailure: (error: Error, restarts: number) => void;
  /** Milliseconds until it starts again. Default 200. */
  readonly delay?: number;
}

/**
 * Listens, and again on the same port whenever accepting a connection fails, as it does while the
 * process has too many open files.
 *
 * @throws If it can't listen at all.
 */
export function listen(
  handler: (request: Request) => Promise<Response>,
  { hostname, port, onListen, onFailure, delay = 200 }: ListenOptions,
  serve: (
    options: Deno.ServeTcpOptions,
    handler: (request: Request) => Promise<Response>,
  ) => Deno.HttpServer<Deno.NetAddr> = Deno.serve,
): Listening {
  let restarts = 0;
  let isStopping = false;
  let server = serve({ hostname, port, onListen }, handler);
  const address = { hostname, port: server.addr.port, onListen() {} };

  async function run(): Promise<void> {
    for (;;) {
      try {
        await server.finished;
        return;
      } catch (error) {
        if (isStopping) return;
        onFailure(error as Error, ++restarts);
      }
      for (let isListening = false; !isListening && !isStopping;) {
        await new Promise((resolve) => setTimeout(resolve, delay));
        try {
          server = serve(address, handler);
          isListening = true;
        } catch (error) {
          onFailure(error as Error, ++restarts);
        }
      }
    }
  }
  return {
    get restarts() {
      return restarts;
    },
    finished: run(),
    async shutdown() {
      isStopping = true;
      await server.shutdown();
    },
  };
}
