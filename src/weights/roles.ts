/**
 * Which of several networks of one shape a method's own evaluation takes, by the words in their names.
 *
 * @module
 */

/** Parts of a prefix that are words: `encoder_q` has "encoder" and "q". */
function wordsOf(prefix: string): Set<string> {
  const parts = prefix.split(/[._]|(?<=[a-z])(?=[A-Z])/);
  return new Set(parts.map((part) => part.toLowerCase()));
}

/** Words of the encoder that follows another: MoCo's and BYOL's. */
const FOLLOWERS = ["k", "key", "momentum", "target"];

/** What the words of a prefix say. */
interface Role {
  readonly isFollower: boolean;
  readonly isTeacher: boolean;
  readonly isStudent: boolean;
  readonly isAverage: boolean;
}

function roleOf(words: ReadonlySet<string>, isAdapted: boolean): Role {
  return {
    isFollower: FOLLOWERS.some((word) =>
      words.has(word) && !(isAdapted && word === "target")
    ),
    isTeacher: words.has("teacher"),
    isStudent: words.has("student"),
    isAverage: words.has("ema"),
  };
}

/**
 * The prefix that comes before all others: query or online before key, momentum or target; teacher
 * before student; an average (EMA) before the plain one. Undefined if no word says so.
 */
export function firstByRole(prefixes: readonly string[]): string | undefined {
  const words = prefixes.map(wordsOf);
  // Domain adaptation's source and target are no pair of that kind.
  const isAdapted = words.some((set) => set.has("source"));
  const roles = words.map((set) => roleOf(set, isAdapted));
  return prefixes.find((_, i) =>
    roles.every((other, j) => i === j || comesBefore(roles[i], other))
  );
}

function comesBefore(a: Role, b: Role): boolean {
  const signs = [
    Number(b.isFollower) - Number(a.isFollower),
    Number(a.isTeacher && b.isStudent) - Number(a.isStudent && b.isTeacher),
    Number(a.isAverage) - Number(b.isAverage),
  ];
  return signs.some((sign) => sign > 0) && !signs.some((sign) => sign < 0);
}
