/** A growable list of 32-bit floats, stored unboxed. */
export class Series {
  #values = new Float32Array(4096);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float32Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** The values so far: a view, not a copy. */
  get values(): Float32Array {
    return this.#values.subarray(0, this.length);
  }
}

/**
 * Cuts a stream of samples into overlapping frames of `size` samples, `hop` apart. The first frame
 * is padded with silence.
 */
export function makeFrameSplitter(
  size: number,
  hop: number,
  onFrame: (samples: Float32Array, offset: number) => void,
) {
  const capacity = size * 8;
  const buffer = new Float32Array(capacity);
  let filled = size - hop;

  return (samples: Float32Array): void => {
    let taken = 0;
    while (taken < samples.length) {
      const count = Math.min(samples.length - taken, capacity - filled);
      buffer.set(samples.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      let start = 0;
      for (; start + size <= filled; start += hop) onFrame(buffer, start);
      buffer.copyWithin(0, start, filled);
      filled -= start;
    }
  };
}
