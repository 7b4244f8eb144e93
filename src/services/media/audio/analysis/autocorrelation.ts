/** The autocorrelation of a signal by lag in frames, normalized so that it is 1 at lag 0. */
export function autocorrelate(pulses: Float32Array, longest: number): Float32Array {
  const lags = Math.min(longest, pulses.length >> 1);
  const correlation = new Float32Array(lags);
  for (let lag = 0; lag < lags; lag++) {
    const count = pulses.length - lag;
    let sum = 0;
    for (let n = 0; n < count; n++) sum += (pulses[n] as number) * (pulses[n + lag] as number);
    correlation[lag] = sum / count;
  }
  const energy = correlation[0] || 1;
  return correlation.map((value) => value / energy);
}

/**
 * The lag of the highest peak within `reach` of `lag`, refined by parabolic interpolation; null
 * beyond the computed lags.
 */
export function findPeakNear(correlation: Float32Array, lag: number, reach: number): number | null {
  const [from, to] = [Math.max(1, Math.ceil(lag - reach)), Math.floor(lag + reach)];
  if (to + 1 >= correlation.length || from > to) return null;
  let top = from;
  for (let n = from; n <= to; n++)
    if ((correlation[n] as number) > (correlation[top] as number)) top = n;
  const [a, b, c] = [
    correlation[top - 1] as number,
    correlation[top] as number,
    correlation[top + 1] as number,
  ];
  const curve = a - 2 * b + c;
  return curve < 0 ? top + Math.max(-0.5, Math.min(0.5, (a - c) / (2 * curve))) : top;
}

/** The correlation at a fractional lag, by linear interpolation. */
export function interpolateAt(correlation: Float32Array, lag: number): number {
  const low = Math.floor(lag);
  const part = lag - low;
  return (correlation[low] ?? 0) * (1 - part) + (correlation[low + 1] ?? 0) * part;
}
