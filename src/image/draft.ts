import { expected } from "../errors/expected.ts";

/** A size that a picture shall not be smaller than. */
export type Draft = readonly [width: number, height: number];

/** @throws {RangeError} If it isn't two positive integers. */
export function checkDraft(draft: Draft): void {
  const isSide = (value: unknown) =>
    Number.isInteger(value) && value as number > 0;
  if (!(Array.isArray(draft) && draft.length === 2 && draft.every(isSide))) {
    throw new RangeError(
      expected("draft", "[width, height], two positive integers", draft),
    );
  }
}

/** PIL's `Image.draft`: a JPEG is decoded at 1 / this of its size. */
export function draftDenominator(
  picture: { readonly width: number; readonly height: number },
  [width, height]: Draft,
): number {
  const scale = Math.min(picture.width / width, picture.height / height);
  return [8, 4, 2].find((denominator) => scale >= denominator) ?? 1;
}
