import { expected } from "../errors/expected.ts";
import { failReading } from "../errors/fail.ts";
import { elementCount, itemSize } from "../formats/elements.ts";
import type { ByteSource } from "../runtime/byte_source.ts";
import {
  readSafetensorsHeader,
  safetensorsType,
} from "../weights/safetensors.ts";
import { numbers, rows } from "./npy_vectors.ts";
import { type NodeChooser, originOf, type VectorFile } from "./vector_file.ts";

/** Opens a tensor `[N, …]` of a safetensors file; rows are named by their number. */
export async function openSafetensorsVectors(
  source: ByteSource,
  choose: NodeChooser,
): Promise<VectorFile> {
  const { placed, metadata, dataOffset } = await readSafetensorsHeader(source);
  const name = choose(source.name, placed.map(({ name }) => name));
  const { dtype: type, shape, begin, end } = placed
    .find((tensor) => tensor.name === name)!;
  const dtype = safetensorsType(type);
  if (dtype === undefined || shape.length < 2) {
    const what = `numbers [N, …] in "${name}"`;
    throw new TypeError(
      expected(source.name, what, { text: `${type} [${shape.join(", ")}]` }),
    );
  }
  const length = elementCount(shape) * itemSize(dtype);
  if (end - begin !== length || dataOffset + end > source.size) {
    throw failReading(source.name)("it is cut short");
  }
  const { layertap = "{}" } = metadata;
  const layout = { shape, dtype, littleEndian: true };
  return {
    node: name,
    shape: shape.slice(1),
    about: originOf(String(layertap), source.name),
    rows: () =>
      rows(
        source,
        { ...layout, dataOffset: dataOffset + begin },
        numbers(source.name),
      ),
    close: () => source.close(),
  };
}
