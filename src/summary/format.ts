/** Python's `"%.2f"`: as `toFixed(2)`, but a tie (1.125) goes to the even digit. */
export function fixed2(value: number): string {
  const cents = Math.floor(value * 100);
  const isTie = value * 8 % 2 === 1;
  return isTie && cents % 2 === 0 ? (cents / 100).toFixed(2) : value.toFixed(2);
}

/** Python's `"{:,}"`: a comma between each three digits of a number with at most two decimals. */
export function grouped(digits: number | string): string {
  return `${digits}`.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Python's `str(list)`. */
export function pythonList(items: readonly number[]): string {
  return `[${items.join(", ")}]`;
}
