/**
 * Torch's oldest files, tar archives, with very many storages.
 *
 * @module
 */

import { concat } from "../../src/formats/concat.ts";
import { pickleOf } from "./pickles.ts";
import type { Attack } from "./attack.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const int64 = (value: number) =>
  new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);

/** An archive of files. */
function tarOf(files: Readonly<Record<string, Bytes>>): Bytes {
  const parts: Bytes[] = [];
  for (const [name, content] of Object.entries(files)) {
    const head = new Uint8Array(512);
    const put = (at: number, text: string) =>
      head.set(new TextEncoder().encode(text), at);
    put(0, name);
    put(124, content.length.toString(8).padStart(11, "0"));
    put(156, "0");
    put(257, "ustar\x0000");
    head.fill(0x20, 148, 156);
    const sum = head.reduce((a, b) => a + b);
    put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
    const padding = new Uint8Array((512 - content.length % 512) % 512);
    parts.push(head, content, padding);
  }
  return concat([...parts, new Uint8Array(1024)]);
}

/** A file with that many storages of one number, and no tensor. */
export function tarOfStorages(count: number): Bytes {
  const start = pickleOf(`J${u32(count)}.`);
  const storage = concat([
    pickleOf(`(J${u32(0)}U\x03cpuctorch\nFloatStorage\nt.`),
    int64(1),
    new Uint8Array(4),
  ]);
  const storages = concat([
    start,
    ...Array<Bytes>(count).fill(storage),
    pickleOf("]."),
  ]);
  const view = new DataView(storages.buffer, start.length);
  for (let i = 0; i < count; i++) {
    view.setUint32(i * storage.length + 4, i, true);
  }
  return tarOf({
    sys_info: pickleOf("}."),
    pickle: pickleOf("}."),
    tensors: pickleOf("K\0."),
    storages,
  });
}

/** A number's four bytes, as characters. */
const u32 = (value: number) =>
  String.fromCharCode(
    ...new Uint8Array(Uint32Array.of(value).buffer),
  );

/** Attacks by tar archives. */
export const tar: readonly Attack[] = [
  {
    name: "65,536 storages",
    target: "command",
    async good(target) {
      const file = await target.file("some.pth", tarOfStorages(20_000));
      await target.refuse(["layers", "--weights", file], /no tensors|network/);
    },
    async bad(target) {
      const file = await target.file("most.pth", tarOfStorages(65_536));
      await target.refuse(["layers", "--weights", file], /no tensors|network/);
      return "65,536 storages";
    },
  },
  {
    name: "a million storages",
    target: "command",
    isShort: true,
    async good(target) {
      const file = await target.file("some.pth", tarOfStorages(20_000));
      await target.refuse(["layers", "--weights", file], /no tensors|network/);
    },
    async bad(target) {
      const file = await target.file("many.pth", tarOfStorages(1_000_000));
      await target.refuse(
        ["layers", "--weights", file],
        /at most 65536 storages, got 1000000/,
      );
      return "1 storage count read";
    },
  },
];
