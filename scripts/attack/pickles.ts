/**
 * Pickles that nest, copy or claim very much. More of them are among the cases of the tests:
 * `scripts/case_objects.py` makes them, and `tests/weights/bombs_test.ts` counts what they take.
 *
 * @module
 */

import { zipOf } from "../../tests/weights/fixtures.ts";
import type { Attack, Target } from "./attack.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes of a pickle of protocol 2; text is Latin-1. */
export const pickleOf = (text: string): Bytes =>
  Uint8Array.from(`\x80\x02${text}`, (char) => char.charCodeAt(0));

const read = async (target: Target, pickle: Bytes) => {
  const archive = await zipOf([["archive/data.pkl", pickle]], false);
  return await target.file("pickle.pth", archive);
};

const noNetwork = /no tensors|network|cannot /;

/** A million lists side by side. */
const good = async (target: Target) => {
  const file = await read(target, pickleOf(`](${"]".repeat(1e6)}e.`));
  await target.refuse(["layers", "--weights", file], noNetwork);
};

function pickleAttack(
  name: string,
  pickle: () => Bytes,
  isShort?: boolean,
): Attack {
  return {
    ...{ name, target: "command", good, isShort },
    async bad(target) {
      const bytes = pickle();
      const file = await read(target, bytes);
      await target.refuse(["layers", "--weights", file], noNetwork);
      return `${bytes.length} bytes`;
    },
  };
}

/** Attacks by pickles. */
export const pickles: readonly Attack[] = [
  pickleAttack(
    "lists in lists, a million deep",
    () => pickleOf(`${"]".repeat(1e6)}${"a".repeat(1e6 - 1)}.`),
    true,
  ),
  pickleAttack(
    "a list of lists of lists, 2^64 in all",
    () => {
      let text = "]q\0";
      for (let i = 0; i < 64; i++) text += "](h\0h\0eq\0";
      return pickleOf(`${text}.`);
    },
    true,
  ),
  pickleAttack(
    "a text that claims 4 GB",
    () => pickleOf("X\xff\xff\xff\xffabc."),
  ),
];
