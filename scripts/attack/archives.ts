/**
 * Zip archives of weights whose directory or entries are huge.
 *
 * @module
 */

import { encodeNpy } from "../../src/formats/npy.ts";
import { zipOf } from "../../tests/weights/fixtures.ts";
import type { Attack, Target } from "./attack.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A directory of that many empty files, and nothing else. */
export function manyEntries(count: number): Bytes {
  const record = new Uint8Array(46 + 6);
  const view = new DataView(record.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(28, 6, true);
  const size = record.length * count;
  const bytes = new Uint8Array(size + 98);
  const text = new TextEncoder();
  for (let i = 0; i < count; i++) {
    text.encodeInto(i.toString(36).padStart(6, "0"), record.subarray(46));
    bytes.set(record, i * record.length);
  }
  const end = new DataView(bytes.buffer, size);
  end.setUint32(0, 0x06064b50, true);
  end.setBigUint64(4, 44n, true);
  end.setBigUint64(24, BigInt(count), true);
  end.setBigUint64(32, BigInt(count), true);
  end.setBigUint64(40, BigInt(size), true);
  end.setUint32(56, 0x07064b50, true);
  end.setBigUint64(64, BigInt(size), true);
  end.setUint32(72, 1, true);
  end.setUint32(76, 0x06054b50, true);
  end.setUint16(84, 0xffff, true);
  end.setUint16(86, 0xffff, true);
  end.setUint32(88, 0xffffffff, true);
  end.setUint32(92, 0xffffffff, true);
  return bytes;
}

/** The included network. */
const included = "weights/mlnet_resnet18.npz";

const convert = (file: string, { folder }: Target) => [
  ...["convert", file, `${folder}/out.npz`],
];

const good = async (target: Target) =>
  await target.succeed(convert(included, target));

/** An archive of one deflated file. */
const zipped = (name: string, content: Bytes) => zipOf([[name, content]], true);

/** Attacks by archives. */
export const archives: readonly Attack[] = [
  {
    name: "a directory of 600,000 entries",
    target: "command",
    isShort: true,
    good,
    async bad(target) {
      const file = await target.file("many.npz", manyEntries(600_000));
      await target.refuse(
        convert(file, target),
        /at most 65536 entries in 16777216 bytes, got 600000 in/,
      );
      return "no entry parsed";
    },
  },
  {
    name: "an array of 1 GB in 1 MB",
    target: "command",
    good,
    async bad(target) {
      const zeros = encodeNpy(new Float32Array(2 ** 28), [2 ** 28]);
      const bomb = await zipped("conv1.weight.npy", zeros);
      const file = await target.file("bomb.npz", bomb);
      await target.refuse(convert(file, target), /network|ResNet/);
      return `${(bomb.length / 1e6).toFixed(1)} MB, not inflated`;
    },
  },
  {
    name: "a pickle of 256 MB in 256 kB",
    target: "command",
    isShort: true,
    good,
    async bad(target) {
      const bomb = await zipped("a/data.pkl", new Uint8Array(2 ** 28));
      const file = await target.file("bomb.pth", bomb);
      await target.refuse(
        convert(file, target),
        /data.pkl": expected at most \d+ bytes, got 268435456/,
      );
      return `${(bomb.length / 1e6).toFixed(1)} MB, not inflated`;
    },
  },
];
