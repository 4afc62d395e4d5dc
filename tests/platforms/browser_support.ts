/**
 * A real Chromium for tests, driven by puppeteer-core.
 *
 * puppeteer-core and axe-core are bundled from npm when a test needs them. In the lock file, Deno
 * would fetch them for every task.
 *
 * @module
 */

import { serveFolder } from "../../examples/browser/serve.ts";
import { testNeeding } from "../support/needing.ts";

export { serveFolder };

/** The part of puppeteer's `HTTPRequest` that tests use. */
export interface PageRequest {
  url(): string;
  headers(): Record<string, string>;
  continue(): Promise<void>;
  abort(): Promise<void>;
  respond(response: {
    status: number;
    headers?: Record<string, string>;
    body?: Uint8Array;
  }): Promise<void>;
}

/** A connection to Chromium's DevTools. */
export interface Session {
  send<Result>(method: string, parameters?: object): Promise<Result>;
}

/** The part of puppeteer's `Page` that tests use. */
export interface Page {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  goBack(): Promise<unknown>;
  url(): string;
  close(): Promise<void>;
  evaluate<Result, Args extends unknown[]>(
    run: string | ((...args: Args) => Result),
    ...args: Args
  ): Promise<Awaited<Result>>;
  waitForFunction(
    condition: string | (() => unknown),
    options?: { timeout?: number },
  ): Promise<unknown>;
  waitForSelector(
    selector: string,
    options?: { visible?: boolean; hidden?: boolean; timeout?: number },
  ): Promise<unknown>;
  click(selector: string): Promise<void>;
  hover(selector: string): Promise<void>;
  select(selector: string, value: string): Promise<string[]>;
  focus(selector: string): Promise<void>;
  screenshot(
    options: { fullPage?: boolean; type?: "png" | "jpeg"; quality?: number },
  ): Promise<Uint8Array>;
  setViewport(
    size: { width: number; height: number; deviceScaleFactor?: number },
  ): Promise<void>;
  emulateMediaFeatures(
    features: { name: string; value: string }[],
  ): Promise<void>;
  createCDPSession(): Promise<Session & { detach(): Promise<void> }>;
  /** The page's web workers. */
  workers(): { readonly client: Session; url(): string }[];
  on(
    event: "console",
    listener: (message: { type(): string; text(): string }) => void,
  ): void;
  on(event: "pageerror", listener: (error: unknown) => void): void;
  on(event: "request", listener: (request: PageRequest) => void): void;
  /** Then, each listener answers requests. */
  setRequestInterception(isOn: boolean): Promise<void>;
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string): Promise<void>;
  };
  readonly mouse: {
    move(x: number, y: number): Promise<void>;
    click(x: number, y: number): Promise<void>;
  };
}

/** The part of puppeteer's `Browser` that tests use. */
export interface Browser {
  /** A page with its own profile, without the cache and storage of other tests. */
  newPage(): Promise<Page>;
  version(): Promise<string>;
}

/** Bundles a module from npm into one file for browsers. The caller removes it. */
async function bundled(
  specifier: string,
  format: "esm" | "iife",
): Promise<URL> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  const { success, stderr } = await new Deno.Command("deno", {
    args: [
      ...["bundle", "--no-lock", "--no-config", "--quiet"],
      ...["--platform", "browser", "--format", format],
      ...["--output", file, specifier],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new URL(`file://${file}`);
}

async function axeSource(): Promise<string> {
  const file = await bundled("npm:axe-core@4.14.1", "iife");
  try {
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(file);
  }
}
let axe: Promise<string> | undefined;

/** The violations that axe-core finds in a page (contrast, names, roles), a line for each element. */
export async function violations(page: Page): Promise<string[]> {
  axe ??= axeSource();
  await page.evaluate(`${await axe}; undefined`);
  return await page.evaluate(async () => {
    interface Results {
      violations: { id: string; nodes: { html: string; any: unknown[] }[] }[];
      passes: unknown[];
    }
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<Results> };
    };
    const { violations, passes } = await axe.run();
    if (passes.length === 0) throw new Error("axe-core checked nothing");
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) =>
        `${id}: ${html.slice(0, 200)} ${JSON.stringify(any).slice(0, 300)}`
      )
    );
  });
}

/** Chooses a file in a page's `<input type="file">`, as a person would. */
export async function chooseFile(
  page: Page,
  selector: string,
  path: string,
): Promise<void> {
  const session = await page.createCDPSession();
  const { root } = await session.send<{ root: { nodeId: number } }>(
    "DOM.getDocument",
  );
  const { nodeId } = await session.send<{ nodeId: number }>(
    "DOM.querySelector",
    { nodeId: root.nodeId, selector },
  );
  const files = [await Deno.realPath(path)];
  await session.send("DOM.setFileInputFiles", { nodeId, files });
  await session.detach();
}

/** Chromium's processes, and puppeteer's connection to them. */
export class Chromium implements AsyncDisposable {
  readonly browser: Browser;
  readonly #end: () => Promise<void>;

  private constructor(browser: Browser, end: () => Promise<void>) {
    this.browser = browser;
    this.#end = end;
  }

  /** Starts Chromium without a window. */
  static async start(args: readonly string[] = []): Promise<Chromium> {
    const profile = await Deno.makeTempDir({ prefix: "chromium-" });
    const child = new Deno.Command("chromium", {
      args: [
        // The sandbox doesn't work for root, as in most containers; all pages are the tests' own.
        ...["--headless=new", "--no-sandbox", "--disable-gpu"],
        ...["--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync"],
        // Draw frames without a display, as fast as they come.
        "--disable-renderer-backgrounding",
        `--user-data-dir=${profile}`,
        "--remote-debugging-port=0",
        ...args,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const reader = child.stderr.pipeThrough(new TextDecoderStream())
      .getReader();
    let said = "", address: string | undefined;
    while (address === undefined) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`chromium ended: ${said}`);
      said += value;
      address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
    }
    const drained = (async () => {
      while (!(await reader.read()).done);
    })();
    const module = await bundled(
      "npm:puppeteer-core@25.16.0/lib/puppeteer/puppeteer-core-browser.js",
      "esm",
    );
    const { default: puppeteer } = await import(module.href);
    const transport = await openTransport(address);
    const browser = await puppeteer.connect({
      transport,
      defaultViewport: { width: 1280, height: 900 },
    });
    const newPage = async () =>
      await (await browser.createBrowserContext()).newPage();
    return new Chromium(
      { newPage, version: () => browser.version() },
      async () => {
        const closed = new Promise<void>((resolve) =>
          transport.socket.addEventListener("close", () => resolve())
        );
        await browser.close();
        await Promise.all([child.status, drained, closed]);
        await Deno.remove(module);
        await Deno.remove(profile, { recursive: true });
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

/** A connection for puppeteer through Deno's `WebSocket`. */
async function openTransport(address: string) {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const transport = {
    socket,
    send: (message: string) => socket.send(message),
    close: () => socket.close(),
    onmessage: undefined as ((message: string) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
  };
  socket.onmessage = ({ data }) => transport.onmessage?.(data);
  socket.onclose = () => transport.onclose?.();
  return transport;
}

/** A test in Chromium, which is closed at the end. */
export function browserTest(
  name: string,
  run: (browser: Browser, test: Deno.TestContext) => Promise<void>,
  args: readonly string[] = [],
): void {
  testNeeding(["chromium"], name, async (test) => {
    await using chromium = await Chromium.start(args);
    await run(chromium.browser, test);
  });
}
