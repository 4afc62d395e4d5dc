/**
 * A project in a temporary folder, with the package's tarball installed by npm.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);

/** Runs a program and returns its output. Throws if it fails. */
export async function run(
  [program, ...args]: readonly string[],
  cwd: string | URL,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (success) return text(stdout);
  throw new Error(
    `${program} ${args.join(" ")}: ${text(stdout)}${text(stderr)}`,
  );
}

/** Makes the tarball in a folder. Returns its path. */
export async function pack(folder: string): Promise<string> {
  await run(["deno", "task", "npm", folder], root);
  return `${folder}/layertap-resnet-${config.version}.tgz`;
}

/** Installs packages from npm's registry, or tarballs, in a project. */
export async function install(
  folder: string,
  ...packages: readonly string[]
): Promise<void> {
  await run([
    ...["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"],
    ...packages,
  ], folder);
}

/** A folder with a project, removed at the end. */
export class NpmProject implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  /** Makes the tarball and the project. Its dependencies come from npm's registry. */
  static async create(...packages: readonly string[]): Promise<NpmProject> {
    const project = new NpmProject(await Deno.makeTempDir());
    const tarball = await pack(project.folder);
    await project.write(
      "package.json",
      JSON.stringify({ private: true, type: "module" }),
    );
    await install(project.folder, tarball, ...packages);
    for (const name of ["chelsea.png", "rocket.jpg"]) {
      await project.copy(`examples/images/${name}`, name);
    }
    return project;
  }

  /** Runs a program in the project. */
  run(...command: readonly string[]): Promise<string> {
    return run(command, this.folder);
  }

  /** Writes a file of the project. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${name}`, text);
  }

  /** Copies a file of the repository into the project. */
  async copy(from: string, name: string): Promise<void> {
    await Deno.copyFile(new URL(from, root), `${this.folder}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
