// stock: no, it starts each backend in a process of its own
import assert from "node:assert/strict";
import { type BackendOptions, startBackend } from "../../mod.ts";
import { closeTo } from "../support/close.ts";

interface Report {
  info: {
    build: string;
    threads: number;
    kernels: string;
    fallback?: string;
  };
  /** What `backendInfo` says in the end. */
  now: Report["info"] & { running: number };
  /** Of the modules that were passed. */
  instances: string[];
  /** Threads that were started. */
  started: number;
  features: number[];
  again: unknown;
  others: string;
}

/** Starts the backend in a process without permissions; the process must end by itself. */
async function start(
  options: BackendOptions,
  ...setting: string[]
): Promise<Report> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "tests/backend/backend_case.ts",
      JSON.stringify(options),
      ...setting,
    ],
    cwd: new URL("../..", import.meta.url),
    signal: AbortSignal.timeout(60_000),
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("every build gives the same features and says what runs", async () => {
  const plain = await start({ simd: false });
  assert.deepEqual(plain.info, {
    build: "plain",
    threads: 1,
    kernels: "stock",
  });

  const one = await start({ threads: 1 });
  assert.deepEqual(one.info, {
    build: "simd",
    threads: 1,
    kernels: "own",
  });
  assert.equal(one.started, 0);
  closeTo(one.features, plain.features);

  for (const threads of [2, 3]) {
    const { info, now, started, features, again, others } = await start({
      threads,
    });
    assert.deepEqual(info, {
      build: "threaded-simd",
      threads,
      kernels: "own",
    });
    assert.deepEqual(now, { ...info, running: threads });
    assert.equal(started, threads - 1, "no more threads than asked for");
    closeTo(features, plain.features);
    assert.deepEqual(again, info);
    assert.match(
      others,
      new RegExp(
        `^startBackend\\({"threads":7}\\): the backend already runs with other options ` +
          `\\(threaded-simd, ${threads} threads, own kernels\\); call startBackend once`,
      ),
    );
  }

  const cores = navigator.hardwareConcurrency;
  const all = await start({});
  assert.equal(all.info.threads, Math.min(cores, 8));
});

Deno.test("without shared memory the backend falls back and says why", async () => {
  const { info, features } = await start({ threads: 2 }, "no-shared-memory");
  assert.equal(info.build, "simd");
  assert.equal(info.threads, 1);
  assert.match(
    info.fallback!,
    /^this runtime has no shared memory$/,
  );
  assert(features.some((v) => v > 0));
});

Deno.test("threads that can't start mean fewer threads, and backendInfo says why", async () => {
  const forbidden = await start({ threads: 2 }, "no-permission");
  const why = "node --permission without --allow-worker";
  assert.deepEqual(forbidden.now, {
    build: "simd",
    threads: 1,
    kernels: "own",
    fallback: why,
    running: 1,
  });
  const { now, features } = await start({ threads: 2 }, "no-threads");
  assert.deepEqual(now, {
    build: "threaded-simd",
    threads: 2,
    kernels: "own",
    running: 1,
    fallback: "out of threads",
  });
  closeTo(features, forbidden.features);
});

Deno.test("a build with threads starts where no code comes from text, and where memory is little", async () => {
  const want = await start({ threads: 1 });
  for (const setting of ["no-code-from-text", "little-memory"]) {
    const { info, started, features } = await start({ threads: 2 }, setting);
    assert.deepEqual(info, {
      build: "threaded-simd",
      threads: 2,
      kernels: "own",
    });
    assert.equal(started, 1);
    closeTo(features, want.features);
  }
});

Deno.test("stock kernels give the same features, with their own threads", async () => {
  const own = await start({ threads: 1 });
  for (const threads of [1, 2]) {
    const { info, started, features } = await start({
      threads,
      kernels: "stock",
    });
    assert.equal(info.threads, threads);
    assert.equal(info.kernels, "stock");
    assert.equal(started, threads - 1, "no more threads than asked for");
    closeTo(features, own.features);
  }
});

Deno.test("the backend starts from compiled modules", async () => {
  const { info, instances } = await start({ threads: 1 }, "modules");
  assert.deepEqual(instances, ["simd", "plain"]);
  assert.deepEqual(info, {
    build: "simd",
    threads: 1,
    kernels: "own",
  });
});

Deno.test("a backend that the program started stays", async () => {
  const { info, features } = await start({}, "external");
  assert.deepEqual(info, {
    build: "external",
    threads: 1,
    kernels: "own",
  });
  assert(features.some((v) => v > 0));
});

Deno.test("startBackend rejects invalid threads and kernels", async () => {
  for (const threads of [0, 9, 1.5, NaN]) {
    await assert.rejects(startBackend({ threads }), {
      name: "RangeError",
      message: `threads: expected an integer from 1 to 8, got ${threads}`,
    });
  }
  await assert.rejects(startBackend({ kernels: "mine" as "own" }), {
    name: "RangeError",
    message: 'kernels: expected "stock" or "own", got "mine"',
  });
});
