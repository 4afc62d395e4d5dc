/**
 * A whole number within bounds.
 *
 * @throws {RangeError} If it is none.
 */
export function checked(
  name: string,
  value: number,
  least: number,
  most: number,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `cannot draw feature maps: ${name} is ${value}, ` +
      `integers from ${least} to ${most} are allowed`,
  );
}
