/**
 * Weights in several files, and their index, as Hugging Face's libraries save large ones.
 *
 * @module
 */

import { failReading } from "../errors/fail.ts";
import { isRecord, parseJsonObject } from "../formats/json.ts";
import { type Checkpoint, requireTensor } from "./checkpoint.ts";

/**
 * Opens all files of an index, such as `model.safetensors.index.json`. Over HTTP that takes their
 * headers; of the tensors, only those that are read are fetched.
 *
 * @param index The index's content.
 * @param name The index's name, for messages.
 * @param open Opens a file beside it.
 * @throws {SyntaxError} If the index doesn't parse, or names a tensor that its file lacks.
 */
export async function openSharded(
  index: Uint8Array,
  name: string,
  open: (file: string) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const fail = failReading(name);
  const { weight_map: map } = parseJsonObject(index, fail);
  if (!isRecord(map)) throw fail(`"weight_map": expected an object`);
  const files = [...new Set(Object.values(map))];
  const shards = new Map<unknown, Checkpoint>();
  const close = () => {
    for (const shard of shards.values()) shard.close();
  };
  try {
    for (const file of files) {
      // In the folder itself.
      if (typeof file !== "string" || !/^\w[\w.-]*$/.test(file)) {
        throw fail(`"weight_map": expected names of files`);
      }
      shards.set(file, await open(file));
    }
    for (const [tensor, file] of Object.entries(map)) {
      if (shards.get(file)!.tensors.has(tensor)) continue;
      throw fail(`"${tensor}" is not in ${file}`);
    }
  } catch (error) {
    close();
    throw error;
  }
  const shardOf = (tensor: string) =>
    shards.get(requireTensor(name, new Map(Object.entries(map)), tensor))!;
  return {
    source: name,
    tensors: new Map(
      [...shards].flatMap(([file, { tensors }]) =>
        [...tensors].filter(([tensor]) => map[tensor] === file)
          .map(([tensor, { place, ...stored }]) => [
            tensor,
            // Places are those in the file.
            {
              ...stored,
              ...place !== undefined && { place: `${file} ${place}` },
            },
          ])
      ),
    ),
    expect(names) {
      for (const [file, shard] of shards) {
        const here = names.filter((tensor) => map[tensor] === file);
        if (here.length > 0) shard.expect?.(here);
      }
    },
    read: async (tensor) => await shardOf(tensor).read(tensor),
    async readRows(tensor) {
      const shard = shardOf(tensor);
      return await (shard.readRows?.(tensor) ?? shard.read(tensor));
    },
    close,
  };
}
