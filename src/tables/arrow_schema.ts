/**
 * Arrow's schema of a table for a Parquet file's metadata. It tells Arrow readers that the lists
 * have a fixed size, which Parquet itself can't say.
 *
 * Source: Apache Arrow, `format/Schema.fbs` and `format/Message.fbs`; the numbers are the slots and
 * enum values from there.
 *
 * @module
 */

import { Builder, type Offset } from "flatbuffers";
import { toBase64 } from "../formats/base64.ts";
import { type FeatureColumn, rowLength } from "./feature_table.ts";

const METADATA_V5 = 4;
const MESSAGE_HEADER_SCHEMA = 1;
const TYPE = { FloatingPoint: 3, Utf8: 5, FixedSizeList: 16 };
const PRECISION = { float16: 0, float32: 1 };

/** The value of the metadata key `ARROW:schema`, for a column `path` and one for each node. */
export function arrowSchema(columns: readonly FeatureColumn[]): string {
  const builder = new Builder();
  const text = table(builder, 0);
  const fields = [
    field(builder, { name: "path", type: TYPE.Utf8, of: text }),
    ...columns.map((column) => {
      const { name, dtype } = column;
      const element = field(builder, {
        name: "element",
        type: TYPE.FloatingPoint,
        of: table(builder, 1, (b) => b.addFieldInt16(0, PRECISION[dtype], 0)),
      });
      const size = rowLength(column);
      return field(builder, {
        name,
        type: TYPE.FixedSizeList,
        of: table(builder, 1, (b) => b.addFieldInt32(0, size, 0)),
        nullable: true,
        children: [element],
      });
    }),
  ];
  const fieldList = offsets(builder, fields);
  const schema = table(builder, 4, (b) => b.addFieldOffset(1, fieldList, 0));
  builder.finish(table(builder, 5, (b) => {
    b.addFieldInt16(0, METADATA_V5, 0);
    b.addFieldInt8(1, MESSAGE_HEADER_SCHEMA, 0);
    b.addFieldOffset(2, schema, 0);
  }));
  return toBase64(framed(builder.asUint8Array()));
}

interface Field {
  readonly name: string;
  /** The member of the union `Type`, and its table. */
  readonly type: number;
  readonly of: Offset;
  readonly nullable?: boolean;
  readonly children?: Offset[];
}

function field(
  builder: Builder,
  { name, type, of, nullable = false, children = [] }: Field,
): Offset {
  const nameOffset = builder.createString(name);
  const childList = offsets(builder, children);
  return table(builder, 7, (b) => {
    b.addFieldOffset(0, nameOffset, 0);
    b.addFieldInt8(1, Number(nullable), 0);
    b.addFieldInt8(2, type, 0);
    b.addFieldOffset(3, of, 0);
    b.addFieldOffset(5, childList, 0);
  });
}

function table(
  builder: Builder,
  slots: number,
  fill?: (builder: Builder) => void,
): Offset {
  builder.startObject(slots);
  fill?.(builder);
  return builder.endObject();
}

function offsets(builder: Builder, items: readonly Offset[]): Offset {
  builder.startVector(4, items.length, 4);
  for (const item of items.toReversed()) builder.addOffset(item);
  return builder.endVector();
}

/** A message of Arrow's stream format: a marker, the length, the message, padded to 8 bytes. */
function framed(message: Uint8Array): Uint8Array {
  const length = Math.ceil(message.length / 8) * 8;
  const bytes = new Uint8Array(8 + length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, -1);
  view.setInt32(4, length, true);
  bytes.set(message, 8);
  return bytes;
}
