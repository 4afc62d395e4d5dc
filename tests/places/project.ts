/**
 * The npm projects that places live in.
 *
 * @module
 */

import { copyFiles } from "../platforms/contract/files.ts";
import { install, pack, run } from "../platforms/npm_project.ts";

const here = new URL("./", import.meta.url);

/** Runs Node 22: Vite and Firefox's driver need it. */
export const node: readonly string[] = ["npx", "-y", "node@22.12.0"];

/** What all projects share: the tarball, the contract's files, and a driver of browsers. */
export class Workshop implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly tarball: string,
  ) {}

  /** Makes the tarball and installs the driver. */
  static async open(): Promise<Workshop> {
    const folder = await Deno.makeTempDir();
    const workshop = new Workshop(folder, await pack(folder));
    await copyFiles(workshop.files);
    await workshop.project("driver", "puppeteer-core@25.16.0");
    const script = new URL("drive.js", here);
    await Deno.copyFile(script, `${folder}/driver/drive.js`);
    return workshop;
  }

  /** The folder with the contract's files. */
  get files(): string {
    return `${this.folder}/files`;
  }

  /** Makes a project with packages from npm, which are exact versions or a tarball. */
  async project(name: string, ...packages: readonly string[]) {
    const folder = `${this.folder}/${name}`;
    await Deno.mkdir(folder);
    const manifest = { private: true, type: "module" };
    await Deno.writeTextFile(
      `${folder}/package.json`,
      JSON.stringify(manifest),
    );
    await install(folder, ...packages);
    return new Project(this, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A project with the package. */
export class Project {
  constructor(readonly workshop: Workshop, readonly folder: string) {}

  /** A project in a folder of this one. */
  at(folder: string): Project {
    return new Project(this.workshop, `${this.folder}/${folder}`);
  }

  /** Runs a program in the project. */
  run(...command: readonly string[]): Promise<string> {
    return run(command, this.folder);
  }

  /** Copies a file of this folder to the same path in the project. */
  async copy(name: string, to: string = name): Promise<void> {
    await Deno.mkdir(new URL(".", `file://${this.folder}/${to}`), {
      recursive: true,
    });
    await Deno.copyFile(new URL(name, here), `${this.folder}/${to}`);
  }

  /** Writes a file of the project. */
  async write(name: string, text: string): Promise<void> {
    const path = `${this.folder}/${name}`;
    await Deno.mkdir(new URL(".", `file://${path}`), { recursive: true });
    await Deno.writeTextFile(path, text);
  }

  /** Bundles a module of this folder, but not the package; by default to the same path with `.js`. */
  async bundle(
    name: string,
    to: string = name.replace(/ts$/, "js"),
  ): Promise<void> {
    await run([
      ...["deno", "bundle", "--quiet", "--external", "@layertap/resnet"],
      ...["--output", `${this.folder}/${to}`, name],
    ], here);
  }
}
