import type { AsyncBuffer, FileMetaData } from "hyparquet";
import type { ByteSource } from "../runtime/byte_source.ts";
import { chosenNode, type VectorFile } from "./read_vectors.ts";
import type { VectorRow } from "./similar.ts";

/** A list column of a Parquet file, one row group at a time; names come from the column `path`. */
export async function openParquet(
  source: ByteSource,
  node?: string,
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
  const name = chosenNode(
    source.name,
    lists.map(({ element }) => element.name),
    node,
  );
  const hasPaths = columns.some(({ element }) => element.name === "path");
  const { shapes, ...about } = aboutOf(metadata);
  return {
    node: name,
    shape: shapes?.[name],
    about,
    rows: () => rows(source, file, metadata, name, hasPaths),
    close: () => source.close(),
  };
}

/** What this package noted in the file. */
function aboutOf({ key_value_metadata = [] }: FileMetaData) {
  const entry = key_value_metadata.find(({ key }) => key === "layertap");
  return JSON.parse(entry?.value ?? "{}") as
    & VectorFile["about"]
    & { readonly shapes?: Readonly<Record<string, number[]>> };
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

/** The library's errors don't name the file. */
async function explained<T>(
  source: ByteSource,
  result: Promise<T>,
): Promise<T> {
  return await result.catch((cause: Error) => {
    throw new SyntaxError(
      `cannot read "${source.name}" as Parquet: ${cause.message}`,
      { cause },
    );
  });
}
