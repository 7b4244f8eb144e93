/**
 * Makes a function that computes the magnitude spectrum of `size` real samples (a power of two),
 * under a Hann window. The next call overwrites the array that it returned.
 */
export function makeSpectrumAnalyzer(
  size: number,
): (samples: Float32Array, offset: number) => Float32Array {
  // A real FFT of n samples is a complex FFT of n/2 pairs of samples, separated afterwards.
  const half = size / 2;
  const window = Float32Array.from(
    { length: size },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size),
  );
  const cosines = Float32Array.from({ length: half }, (_, n) => Math.cos((2 * Math.PI * n) / size));
  const sines = Float32Array.from({ length: half }, (_, n) => Math.sin((2 * Math.PI * n) / size));
  const order = buildBitReversal(half);
  const re = new Float32Array(half);
  const im = new Float32Array(half);
  const magnitudes = new Float32Array(half);

  return (samples, offset) => {
    for (let n = 0; n < half; n++) {
      const to = order[n] as number; // the tables below are exactly as long as the loops
      re[to] = (samples[offset + 2 * n] as number) * (window[2 * n] as number);
      im[to] = (samples[offset + 2 * n + 1] as number) * (window[2 * n + 1] as number);
    }
    transformInPlace(re, im, cosines, sines);
    for (let k = 0; k < half; k++) {
      const mirror = k === 0 ? 0 : half - k;
      const evenRe = (re[k] as number) + (re[mirror] as number);
      const evenIm = (im[k] as number) - (im[mirror] as number);
      const oddRe = (im[k] as number) + (im[mirror] as number);
      const oddIm = (re[mirror] as number) - (re[k] as number);
      const cos = cosines[k] as number;
      const sin = sines[k] as number;
      const real = evenRe + cos * oddRe + sin * oddIm;
      const imaginary = evenIm + cos * oddIm - sin * oddRe;
      magnitudes[k] = Math.sqrt(real * real + imaginary * imaginary) / 2;
    }
    return magnitudes;
  };
}

function buildBitReversal(length: number): Uint32Array {
  const bits = Math.log2(length);
  return Uint32Array.from({ length }, (_, n) => {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= ((n >> bit) & 1) << (bits - 1 - bit);
    return reversed;
  });
}

/**
 * Radix-2 Cooley–Tukey FFT, in place, on bit-reversed input; the tables are of twice its length.
 */
function transformInPlace(
  re: Float32Array,
  im: Float32Array,
  cosines: Float32Array,
  sines: Float32Array,
): void {
  const length = re.length;
  for (let span = 1; span < length; span *= 2) {
    const step = length / span;
    for (let start = 0; start < length; start += span * 2) {
      for (let k = 0; k < span; k++) {
        const low = start + k;
        const high = low + span;
        const cos = cosines[k * step] as number;
        const sin = sines[k * step] as number;
        const x = re[high] as number;
        const y = im[high] as number;
        const real = x * cos + y * sin;
        const imaginary = y * cos - x * sin;
        re[high] = (re[low] as number) - real;
        im[high] = (im[low] as number) - imaginary;
        re[low] = (re[low] as number) + real;
        im[low] = (im[low] as number) + imaginary;
      }
    }
  }
}
