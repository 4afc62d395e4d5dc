/** Threads: messages, errors, and when the process may end. */

import assert from "node:assert/strict";
import { startThread, type Thread } from "../../src/runtime/thread.ts";

/** Starts a thread; `next()` is its next message. */
function start(text: string) {
  const messages: unknown[] = [];
  let wake = () => {};
  let failure: Error | undefined;
  const exit = Promise.withResolvers<void>();
  const thread = startThread(text, {
    onMessage(message) {
      messages.push(message);
      wake();
    },
    onError(error) {
      failure = error;
      wake();
    },
    onExit: exit.resolve,
  });
  const next = async () => {
    while (messages.length === 0 && !failure) {
      await new Promise<void>((resolve) => wake = resolve);
    }
    if (failure) throw failure;
    return messages.shift();
  };
  return { thread, next, exited: exit.promise };
}

const echo = `listen((message) => post(message, [message.buffer]));`;

Deno.test("a thread takes messages and transfers its answers", async () => {
  const { thread, next, exited } = start(echo);
  const sent = Uint8Array.of(1, 2, 3);
  thread.post(sent, [sent.buffer]);
  assert.equal(sent.length, 0, "the buffer went to the thread");
  assert.deepEqual(await next(), Uint8Array.of(1, 2, 3));
  thread.post(Uint8Array.of(4));
  assert.deepEqual(await next(), Uint8Array.of(4));
  await thread.terminate();
  await exited;
});

Deno.test("a thread's error reaches onError", async () => {
  for (
    const text of [
      `throw new Error("broken");`,
      `listen(async () => { throw new Error("broken"); });`,
    ]
  ) {
    const { thread, next } = start(text);
    thread.post("go");
    await assert.rejects(next(), /broken/);
    await thread.terminate();
  }
});

/** Runs code in a process without permissions; it must end by itself. */
async function run(code: string): Promise<string> {
  const url = new URL("../../src/runtime/thread.ts", import.meta.url);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      `import { startThread } from "${url}";\n` +
        `const fail = (error: Error) => console.log(error.message);\n${code}`,
    );
    const { code: status, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-prompt", "--no-check", "--no-config", file],
      signal: AbortSignal.timeout(60_000),
    }).output();
    assert.equal(status, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a thread that is unref'd lets the process end", async () => {
  const output = await run(`
const thread = startThread(\`for (let i = 0; i < 3; i++) post(i);
  listen(() => {});\`, {
  onError: fail,
  onMessage(message) {
    console.log(message);
    if (message === 2) thread.unref();
  },
});`);
  assert.equal(output, "0\n1\n2\n");
});

Deno.test("without node:worker_threads a thread is a Web Worker", async () => {
  const output = await run(`
const { process } = globalThis as unknown as { process: object };
Object.assign(process, { getBuiltinModule: undefined });
const thread = startThread(${JSON.stringify(echo)}, {
  onError: fail,
  onMessage(message) {
    console.log(message, sent.length);
    thread.terminate();
  },
});
const sent = Uint8Array.of(5);
thread.post(sent, [sent.buffer]);`);
  assert.equal(output, "Uint8Array(1) [ 5 ] 0\n");
});

Deno.test("terminate ends a thread that is busy", async () => {
  const busy: { thread: Thread; next(): Promise<unknown> } = start(
    `post("busy"); for (;;);`,
  );
  assert.equal(await busy.next(), "busy");
  await busy.thread.terminate();
});

Deno.test("ref and unref don't add up, even where the runtime counts them, as Deno 2.1 does", () => {
  let references = 1;
  class Worker {
    on() {}
    ref() {
      references++;
    }
    unref() {
      references--;
    }
  }
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): unknown };
  };
  const { getBuiltinModule } = process;
  process.getBuiltinModule = () => ({ Worker });
  try {
    const thread = startThread(echo, { onError() {} });
    thread.ref();
    thread.ref();
    thread.unref();
    thread.unref();
    assert.equal(references, 0);
    thread.ref();
    assert.equal(references, 1);
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});
