/**
 * The area under the ROC curve: the chance that a positive has a larger value than a negative, ties
 * counting half.
 */
export function auroc(
  positives: Float32Array,
  negatives: Float32Array,
): number {
  const sorted = negatives.toSorted();
  let sum = 0;
  for (const value of positives) {
    sum += (below(sorted, value) + upTo(sorted, value)) / 2;
  }
  return sum / positives.length / negatives.length;
}

/** How many of sorted values are below one. */
function below(sorted: Float32Array, value: number): number {
  return search(sorted, (other) => other < value);
}

/** How many are at or below it. */
function upTo(sorted: Float32Array, value: number): number {
  return search(sorted, (other) => other <= value);
}

/** How many values from the first on pass a test that all later ones fail. */
function search(
  sorted: Float32Array,
  passes: (value: number) => boolean,
): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
