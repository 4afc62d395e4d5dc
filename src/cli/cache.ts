import {
  type CachedWeights,
  clearCachedWeights,
  listCachedWeights,
} from "../weights/cached_weights.ts";
import { type Command, parse, unknownName } from "./command.ts";

const options = {
  folder: {
    type: "string",
    value: "DIR",
    help: "the cache (default: $LAYERTAP_CACHE, or the platform's place)",
  },
} as const;

/** `layertap cache`: the weights that were fetched. */
export const cache: Command = {
  purpose: "list the weights that were fetched and kept, or remove them",
  operands: "[list|clear]",
  options,
  example: "layertap cache clear",
  async run(args, io) {
    // `parse` wants one operand at least, and here there may be none.
    const { values: { folder }, images: [, action = "list"] } = parse(
      ["cache", ...args],
      options,
      2,
    );
    if (action === "list") {
      for (const file of await listCachedWeights({ cache: folder })) {
        io.stdout.write(`${line(file)}\n`);
      }
    } else if (action === "clear") {
      const files = await clearCachedWeights({ cache: folder });
      const bytes = files.reduce((sum, { kept }) => sum + kept, 0);
      io.stdout.write(`removed ${files.length} files, ${megabytes(bytes)}\n`);
    } else throw unknownName("command", `cache ${action}`, ["list", "clear"]);
  },
};

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** `    1.0 MB of 102.5 MB  https://…` */
function line({ url, size, kept }: CachedWeights): string {
  const share = kept < size ? ` of ${megabytes(size)}` : "";
  return `${megabytes(kept).padStart(9)}${share.padEnd(13)}  ${url}`;
}
