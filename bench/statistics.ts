/**
 * The value that half of the numbers do not exceed; between the middle two when their count is
 * even.
 */
export function median(numbers: number[]): number {
  return quantile(numbers, 0.5);
}

/** The value that a share of the numbers does not exceed, interpolated between neighbours. */
export function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** The ratios of values that were measured at the same time. */
export function divide(numerators: number[], denominators: number[]): number[] {
  return numerators.map((value, i) => value / (denominators[i] ?? Number.NaN));
}
