/** Realigns the chunks of a pipe, which may be cut anywhere, to multiples of `bytes`. */
export function groupBytes(
  bytes: number,
  onGroup: (chunk: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const joined = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const usable = joined.length - (joined.length % bytes);
    rest = joined.subarray(usable);
    if (usable > 0) onGroup(joined.subarray(0, usable));
  };
}

/** Views the bytes as 16-bit integers; copies them first when they are not aligned. */
export function toInt16(chunk: Buffer): Int16Array {
  const { buffer, byteOffset, length } = chunk.byteOffset % 2 === 0 ? chunk : copyAligned(chunk);
  return new Int16Array(buffer, byteOffset, length / 2);
}

/** Views the bytes as 32-bit floats; copies them first when they are not aligned. */
export function toFloat32(chunk: Buffer): Float32Array {
  const { buffer, byteOffset, length } = chunk.byteOffset % 4 === 0 ? chunk : copyAligned(chunk);
  return new Float32Array(buffer, byteOffset, length / 4);
}

/** Copies into memory of its own: `Buffer.from` may use a shared pool, at any offset. */
function copyAligned(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}

export interface PcmFormat {
  sampleRate: number;
  channels: number;
}

/**
 * Reads a WAV from a pipe: calls `onFormat` with its header, then passes on the bytes of its
 * samples. The header is the decoder's, which may differ from the file's own (HE-AAC doubles both
 * rate and channels).
 */
export function makeWavReader(onFormat: (format: PcmFormat) => (chunk: Buffer) => void) {
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
