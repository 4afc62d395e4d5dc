import type { AsyncBuffer, FileMetaData } from "hyparquet";
import type { ByteSource } from "../runtime/byte_source.ts";
import type { VectorRow } from "./similar.ts";
import { type NodeChooser, originOf, type VectorFile } from "./vector_file.ts";

/** Opens a list column of a Parquet file; rows are named by the column `path`, or by their number. */
export async function openParquet(
  source: ByteSource,
  choose: NodeChooser,
): Promise<VectorFile> {
  const { parquetMetadataAsync, parquetSchema } = await import("hyparquet");
  const file: AsyncBuffer = {
    byteLength: source.size,
    async slice(start, end = source.size) {
      return (await source.read(start, end - start)).buffer;
    },
  };
  const metadata = await explained(source, parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children;
  const lists = columns.filter(({ children }) => children.length > 0);
  const name = choose(
    source.name,
    lists.map(({ element }) => element.name),
  );
  const hasPaths = columns.some(({ element }) => element.name === "path");
  const text = metadata.key_value_metadata
    ?.find(({ key }) => key === "layertap")?.value ?? "{}";
  const { shapes, ...about } = originOf(text, source.name);
  return {
    node: name,
    shape: shapes?.[name],
    about,
    rows: () => rows(source, file, metadata, name, hasPaths),
    close: () => source.close(),
  };
}

async function* rows(
  source: ByteSource,
  file: AsyncBuffer,
  metadata: FileMetaData,
  node: string,
  hasPaths: boolean,
): AsyncGenerator<VectorRow> {
  const { parquetReadObjects } = await import("hyparquet");
  const columns = hasPaths ? ["path", node] : [node];
  let from = 0;
  for (const { num_rows } of metadata.row_groups) {
    const to = from + Number(num_rows);
    const group = await explained(
      source,
      parquetReadObjects({
        file,
        metadata,
        columns,
        rowStart: from,
        rowEnd: to,
      }),
    );
    for (const [i, row] of group.entries()) {
      const path = row.path ?? `${source.name}[${from + i}]`;
      yield { path, vector: row[node] ?? null };
    }
    from = to;
  }
}

/** Names the file in the library's errors. */
async function explained<T>(
  source: ByteSource,
  result: Promise<T>,
): Promise<T> {
  return await result.catch((cause: Error) => {
    throw new SyntaxError(
      `cannot read "${source.name}": damaged Parquet: ${cause.message}`,
      { cause },
    );
  });
}
