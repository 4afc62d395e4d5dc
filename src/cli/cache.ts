import { printable } from "../errors/printable.ts";
import {
  type CachedWeights,
  clearCachedWeights,
  listCachedWeights,
} from "../weights/cached_weights.ts";
import { command, unknownName } from "./command.ts";

/** `layertap cache`: the weights that were downloaded. */
export const cache = command({
  purpose: "list or delete the downloaded weights",
  operands: ["[list|clear]"],
  options: {
    folder: {
      value: "DIR",
      help: "the cache (default: $LAYERTAP_CACHE, or the platform's cache)",
    },
  },
  example: "layertap cache clear",
  async run({ values: { folder }, operands: [action = "list"], io }) {
    if (action === "list") {
      for (const file of await listCachedWeights({ cache: folder })) {
        io.stdout.write(`${printable(line(file))}\n`);
      }
    } else if (action === "clear") {
      const files = await clearCachedWeights({ cache: folder });
      const bytes = files.reduce((sum, { kept }) => sum + kept, 0);
      io.stdout.write(`deleted ${files.length} files, ${megabytes(bytes)}\n`);
    } else throw unknownName("command", `cache ${action}`, ["list", "clear"]);
  },
});

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** `    1.0 MB of 102.5 MB  https://…` */
function line({ url, size, kept }: CachedWeights): string {
  const share = kept < size ? ` of ${megabytes(size)}` : "";
  return `${megabytes(kept).padStart(9)}${share.padEnd(13)}  ${url}`;
}
