/** How alike the pulses are to themselves, by delay in frames: 1 at 0. */
export function autocorrelation(pulses: Float32Array, longest: number): Float32Array {
  const lags = Math.min(longest, pulses.length >> 1);
  const likeness = new Float32Array(lags);
  for (let lag = 0; lag < lags; lag++) {
    const count = pulses.length - lag;
    let sum = 0;
    for (let n = 0; n < count; n++) sum += (pulses[n] as number) * (pulses[n + lag] as number);
    likeness[lag] = sum / count;
  }
  const energy = likeness[0] || 1;
  return likeness.map((value) => value / energy);
}

/** The top of a parabola through the highest value near there and its neighbours. */
export function peakNear(likeness: Float32Array, lag: number, reach: number): number | null {
  const [from, to] = [Math.max(1, Math.ceil(lag - reach)), Math.floor(lag + reach)];
  if (to + 1 >= likeness.length || from > to) return null;
  let top = from;
  for (let n = from; n <= to; n++) if ((likeness[n] as number) > (likeness[top] as number)) top = n;
  const [a, b, c] = [
    likeness[top - 1] as number,
    likeness[top] as number,
    likeness[top + 1] as number,
  ];
  const curve = a - 2 * b + c;
  return curve < 0 ? top + Math.max(-0.5, Math.min(0.5, (a - c) / (2 * curve))) : top;
}

/** Between two delays, by a straight line. */
export function at(likeness: Float32Array, lag: number): number {
  const low = Math.floor(lag);
  const part = lag - low;
  return (likeness[low] ?? 0) * (1 - part) + (likeness[low + 1] ?? 0) * part;
}
