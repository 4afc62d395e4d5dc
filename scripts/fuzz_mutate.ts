/**
 * Changes to a file's bytes that are hard on parsers.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** Random numbers below a bound. */
export type Random = (below: number) => number;

const BYTES = [0, 1, 0x20, 0x7f, 0x80, 0xfe, 0xff];
const NUMBERS = [
  0n,
  1n,
  -1n,
  -2n,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const DIGITS = [
  "0",
  "-1",
  "9999999999",
  "9007199254740993",
  "1e400",
  "77777777777",
];

/** A copy with one to four changes; `others` are files to copy pieces from. */
export function mutate(
  bytes: Bytes,
  others: readonly Bytes[],
  random: Random,
): Bytes {
  let mutated = bytes.slice();
  for (
    let changes = 1 + random(4);
    changes > 0 && mutated.length > 0;
    changes--
  ) {
    mutated = changeOnce(mutated, others, random);
  }
  return mutated;
}

function changeOnce(
  bytes: Bytes,
  others: readonly Bytes[],
  random: Random,
): Bytes {
  const { length } = bytes;
  const at = random(length);
  const piece = (of: Bytes) => {
    const from = random(of.length + 1);
    return of.subarray(from, from + random(Math.min(of.length - from, 64) + 1));
  };
  switch (random(9)) {
    case 0:
      bytes[at] ^= 1 << random(8);
      return bytes;
    case 1:
      bytes[at] = random(256);
      return bytes;
    case 2:
      bytes[at] = BYTES[random(BYTES.length)];
      return bytes;
    case 3: {
      const number = new BigInt64Array([NUMBERS[random(NUMBERS.length)]]);
      const width = Math.min(2 << random(3), length - at);
      bytes.set(new Uint8Array(number.buffer, 0, width), at);
      return bytes;
    }
    case 4: { // A number in text, such as a JSON or NumPy header, or an octal field.
      const found = bytes.findIndex((byte, i) =>
        i >= at && byte >= 0x30 && byte <= 0x39
      );
      const digits = new TextEncoder().encode(DIGITS[random(DIGITS.length)]);
      return found < 0 ? bytes : splice(bytes, found, random(3), digits);
    }
    case 5:
      return splice(bytes, at, random(Math.min(length - at, 64)) + 1);
    case 6:
      return splice(bytes, at, 0, piece(bytes));
    case 7: {
      const taken = piece(others[random(others.length)]);
      return splice(bytes, at, taken.length, taken);
    }
    default:
      return random(4) === 0 ? bytes.slice(0, at) : bytes.fill(
        random(256),
        at,
        at + random(16),
      );
  }
}

function splice(
  bytes: Bytes,
  at: number,
  remove: number,
  insert: Uint8Array = new Uint8Array(0),
): Bytes {
  const behind = bytes.subarray(at + remove);
  const spliced = new Uint8Array(at + insert.length + behind.length);
  spliced.set(bytes.subarray(0, at));
  spliced.set(insert, at);
  spliced.set(behind, at + insert.length);
  return spliced;
}
