/** Gives out numbers of `bytes` bytes (in groups) from a pipe that cuts its chunks anywhere. */
export function whole(bytes: number, onGroup: (chunk: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const joined = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const usable = joined.length - (joined.length % bytes);
    rest = joined.subarray(usable);
    if (usable > 0) onGroup(joined.subarray(0, usable));
  };
}

/** The bytes as 16-bit integers: in place where they lie straight, else copied. */
export function int16(chunk: Buffer): Int16Array {
  const { buffer, byteOffset, length } = chunk.byteOffset % 2 === 0 ? chunk : aligned(chunk);
  return new Int16Array(buffer, byteOffset, length / 2);
}

/** The bytes as 32-bit floats. */
export function float32(chunk: Buffer): Float32Array {
  const { buffer, byteOffset, length } = chunk.byteOffset % 4 === 0 ? chunk : aligned(chunk);
  return new Float32Array(buffer, byteOffset, length / 4);
}

/** Buffer.from may cut from a pool, at any offset: this one begins a memory of its own. */
function aligned(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}

export interface PcmFormat {
  sampleRate: number;
  channels: number;
}

/**
 * Reads a WAV as it comes from a pipe: first its format, then the bytes of its samples. The header
 * is how the decoder tells what it found; the file's own headers may say otherwise (HE-AAC doubles
 * both rate and channels).
 */
export function wavStream(onFormat: (format: PcmFormat) => (chunk: Buffer) => void) {
  let head: Buffer = Buffer.alloc(0);
  let samples: ((chunk: Buffer) => void) | null = null;
  return (chunk: Buffer): void => {
    if (samples) {
      samples(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const dataAt = head.indexOf('data', 12, 'latin1');
    const formatAt = head.indexOf('fmt ', 12, 'latin1');
    if (dataAt < 0 || head.length < dataAt + 8 || formatAt < 0) return;
    const channels = head.readUInt16LE(formatAt + 10);
    const sampleRate = head.readUInt32LE(formatAt + 12);
    samples = onFormat({ channels, sampleRate });
    if (head.length > dataAt + 8) samples(head.subarray(dataAt + 8));
  };
}
