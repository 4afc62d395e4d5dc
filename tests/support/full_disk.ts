import { requireBuiltin } from "../../src/runtime/builtin.ts";

/** Runs a test on a disk without space: files can be made, but nothing written. */
export async function onFullDisk(test: () => Promise<void>): Promise<void> {
  const fs = requireBuiltin("node:fs/promises");
  const { open } = fs;
  const full = () => {
    const message = "ENOSPC: no space left on device, write";
    return Promise.reject(
      Object.assign(new Error(message), { code: "ENOSPC" }),
    );
  };
  fs.open = async (...args) => {
    const file = await open(...args);
    return Object.assign(file, {
      write: full,
      writeFile: full,
      appendFile: full,
    });
  };
  try {
    await test();
  } finally {
    fs.open = open;
  }
}
