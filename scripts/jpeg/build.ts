/**
 * Builds the JPEG decoder: libjpeg-turbo, decoder only, as WebAssembly, its Neon kernels through
 * SIMDe.
 *
 *     deno task build:jpeg [folder]
 *
 * writes `jpeg.wasm` and its licences to the folder, `src/runtime/wasm` by default. The sources are
 * pinned by checksum, and come by cargo (libjpeg-turbo) and pip (clang, SIMDe); the same sources give
 * the same bytes. It needs `cargo` and `python3` with pip.
 *
 * @module
 */

import { maxMemory } from "../../src/image/jpeg_decoder.ts";

const root = new URL("../../", import.meta.url);
const here = new URL("./", import.meta.url);

/** Of `jpeg.wasm`: every build gives these bytes. */
const sha256 =
  "288c4aeefbe6d2d25ecba9b15f82ead4abb21068cf884c997ae171a9f8b276a0";

/** Of `src/`: what the decoder is made of, for samples of 8 bits. */
const library =
  "jaricom jcomapi jdapimin jdapistd jdarith jdcoefct jdcolor jddctmgr jddiffct jdhuff jdinput " +
  "jdlhuff jdlossls jdmainct jdmarker jdmaster jdmerge jdphuff jdpostct jdsample jdtrans jidctflt " +
  "jidctfst jidctint jidctred jmemmgr jmemnobs jpeg_nbits jquant1 jquant2 jutils";

/** Of `simd/arm/`. */
const kernels =
  "jdcolor-neon jdmerge-neon jdsample-neon jidctfst-neon jidctint-neon jidctred-neon aarch64/jsimd";

/** The headers that CMake would write. */
const headers: Readonly<Record<string, string>> = {
  "jconfig.h": `
#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 3.1.0
#define LIBJPEG_TURBO_VERSION_NUMBER 3001000
#define D_ARITH_CODING_SUPPORTED 1
#define MEM_SRCDST_SUPPORTED 1
#define WITH_SIMD 1
#define BITS_IN_JSAMPLE 8
`,
  "jconfigint.h": `
#define BUILD "0"
#define HIDDEN
#define INLINE inline __attribute__((always_inline))
#define THREAD_LOCAL
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "3.1.0"
#define SIZEOF_SIZE_T 4
#define HAVE_BUILTIN_CTZL
#define FALLTHROUGH __attribute__((fallthrough));
#define D_ARITH_CODING_SUPPORTED 1
#define WITH_SIMD 1
`,
  "jversion.h": `
#define JVERSION "6b"
#define JCOPYRIGHT_SHORT ""
`,
  "neon-compat.h": `
#define HAVE_VLD1_S16_X3 1
#define HAVE_VLD1_U16_X2 1
#define HAVE_VLD1Q_U8_X4 1
#define BUILTIN_CLZ(x) __builtin_clz(x)
#define BUILTIN_CLZLL(x) __builtin_clzll(x)
#define BUILTIN_BSWAP64(x) __builtin_bswap64(x)
`,
  "arm_neon.h": `
#define SIMDE_FLOAT16_API SIMDE_FLOAT16_API_PORTABLE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/arm/neon.h>
`,
};

/** Runs a program and waits for its end. */
async function run(
  program: string,
  args: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
  }).output();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(
    `${program} ${args.join(" ")}: ${text.decode(stdout)}${
      text.decode(stderr)
    }`,
  );
}

/** Fetches the sources to a folder, and says where they are in it. */
async function fetchSources(folder: string) {
  await Deno.mkdir(`${folder}/crate/src`, { recursive: true });
  await Deno.writeTextFile(`${folder}/crate/src/lib.rs`, "");
  for (const name of ["Cargo.toml", "Cargo.lock"]) {
    await Deno.copyFile(new URL(name, here), `${folder}/crate/${name}`);
  }
  const python = `${folder}/python`;
  await Promise.all([
    run("cargo", ["vendor", "--locked", "--quiet", "vendor"], {
      cwd: `${folder}/crate`,
    }),
    run("python3", [
      ...["-m", "pip", "install", "--quiet", "--target", python],
      ...["--require-hashes", "--no-deps", "--only-binary", ":all:"],
      ...["--requirement", new URL("requirements.txt", here).pathname],
    ]),
  ]);
  return {
    jpeg: `${folder}/crate/vendor/turbojpeg-sys/libjpeg-turbo`,
    simde: `${python}/cmeel.prefix/include`,
    python,
  };
}

/** Compiles and links; the module is `output`. */
async function compile(
  { jpeg, simde, python }: Awaited<ReturnType<typeof fetchSources>>,
  folder: string,
  output: string,
): Promise<void> {
  const include = `${folder}/include`;
  await Deno.mkdir(include);
  for (const [name, text] of Object.entries(headers)) {
    await Deno.writeTextFile(`${include}/${name}`, text);
  }
  const clang = (args: readonly string[]) =>
    run("python3", ["-m", "ziglang", "cc", "-target", "wasm32-wasi", ...args], {
      cwd: folder, // Paths in the objects would be this machine's.
      env: { PYTHONPATH: python, ZIG_GLOBAL_CACHE_DIR: `${folder}/cache` },
    });
  const flags = [
    ...["-O3", "-msimd128", "-ffunction-sections", "-fno-sanitize=all", "-w"],
    ...["-DNO_GETENV", "-DNO_PUTENV", "-DNEON_INTRINSICS"],
    ...[include, simde, `${jpeg}/src`, `${jpeg}/simd`, `${jpeg}/simd/arm`]
      .map((path) => `-I${path}`),
  ];
  const sources = [
    new URL("decoder.c", here).pathname,
    ...library.split(" ").map((name) => `${jpeg}/src/${name}.c`),
    ...kernels.split(" ").map((name) => `${jpeg}/simd/arm/${name}.c`),
  ];
  const objects = sources.map((_, i) => `${i}.o`);
  const queue = sources.entries();
  const compileAll = async () => {
    for (const [i, source] of queue) {
      await clang([...flags, "-c", source, "-o", objects[i]]);
    }
  };
  await Promise.all(
    Array.from({ length: navigator.hardwareConcurrency }, compileAll),
  );
  await clang([
    ...["-O3", "-s", "-mexec-model=reactor", "-Wl,--gc-sections"],
    ...["-Wl,--strip-all", `-Wl,--max-memory=${maxMemory}`],
    ...[...objects, "-o", output],
  ]);
}

/** Licences of what is in the module, by the names that they get. */
function licences(
  { jpeg, python }: Awaited<ReturnType<typeof fetchSources>>,
): Record<string, string> {
  return {
    "libjpeg-turbo.md": `${jpeg}/LICENSE.md`,
    "libjpeg.ijg": `${jpeg}/README.ijg`,
    "musl.txt": `${python}/ziglang/lib/libc/musl/COPYRIGHT`,
    "wasi-libc.txt": `${python}/ziglang/lib/libc/wasi/LICENSE`,
    "simde.txt": `${python}/cmeel_simde-0.8.2.dist-info/licenses/LICENSE`,
  };
}

/** Builds into a folder. */
export async function buildJpeg(folder: URL): Promise<void> {
  const temporary = await Deno.makeTempDir();
  try {
    const sources = await fetchSources(temporary);
    await compile(sources, temporary, `${temporary}/jpeg.wasm`);
    await Deno.mkdir(new URL("jpeg_licences/", folder), { recursive: true });
    for (const [name, path] of Object.entries(licences(sources))) {
      await Deno.copyFile(path, new URL(`jpeg_licences/${name}`, folder));
    }
    await Deno.copyFile(`${temporary}/jpeg.wasm`, new URL("jpeg.wasm", folder));
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

if (import.meta.main) {
  const [path] = Deno.args;
  const folder = path === undefined
    ? new URL("src/runtime/wasm/", root)
    : new URL(`${path}/`, `file://${Deno.cwd()}/`);
  await buildJpeg(folder);
  const bytes = await Deno.readFile(new URL("jpeg.wasm", folder));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  console.log(`jpeg.wasm: ${bytes.length} bytes, SHA-256 ${hash.toHex()}`);
  if (hash.toHex() !== sha256) {
    console.error(
      `expected ${sha256}; if that is right, change it in build.ts`,
    );
    Deno.exit(1);
  }
}
