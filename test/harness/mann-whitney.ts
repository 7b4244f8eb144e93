/**
 * The probability (two-sided, by the normal approximation with the correction for ties) that two samples
 * differ by so much though they are of one distribution: the Mann–Whitney U test.
 */
export function compareRanks(one: number[], other: number[]): number {
  const all = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ];
  const groups = [
    ...Map.groupBy(
      all.toSorted((a, b) => a.value - b.value),
      ({ value }) => value,
    ).values(),
  ];
  let [ranks, seen, ties] = [0, 0, 0];
  for (const group of groups) {
    const rank = seen + (group.length + 1) / 2;
    ranks += rank * group.filter(({ isOne }) => isOne).length;
    ties += group.length ** 3 - group.length;
    seen += group.length;
  }
  const [m, n, total] = [one.length, other.length, all.length];
  const u = ranks - (m * (m + 1)) / 2;
  const deviation = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))));
  return deviation === 0 ? 1 : 2 * (1 - cumulate(Math.abs(u - (m * n) / 2) / deviation));
}

/** The standard normal distribution, by Abramowitz and Stegun 26.2.17, to 7 digits. */
function cumulate(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const terms = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = terms.reduce((total, term, n) => total + term * t ** (n + 1), 0);
  return 1 - (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

/** The middle of a sample. */
export function findMedian(sample: number[]): number {
  return sample.toSorted((a, b) => a - b)[sample.length >> 1] as number;
}
