import { type Mix, RATE } from './synth.ts';

/** Encodes a mix as a 16-bit stereo WAV file with its title and artist. */
export function encodeWav({ left, right }: Mix, title: string, artist: string): Buffer {
  const samples = Buffer.alloc(left.length * 4);
  for (let n = 0; n < left.length; n++) {
    samples.writeInt16LE(Math.round((left[n] as number) * 32_767), n * 4);
    samples.writeInt16LE(Math.round((right[n] as number) * 32_767), n * 4 + 2);
  }
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0); // PCM
  format.writeUInt16LE(2, 2);
  format.writeUInt32LE(RATE, 4);
  format.writeUInt32LE(RATE * 4, 8);
  format.writeUInt16LE(4, 12);
  format.writeUInt16LE(16, 14);
  const names = [makeChunk('INAM', encodeText(title)), makeChunk('IART', encodeText(artist))];
  const info = makeChunk('LIST', Buffer.from('INFO'), ...names);
  return makeChunk(
    'RIFF',
    Buffer.from('WAVE'),
    makeChunk('fmt ', format),
    info,
    makeChunk('data', samples),
  );
}

/** Makes a RIFF chunk: name, length, content, and a padding byte if the length is odd. */
function makeChunk(name: string, ...parts: Buffer[]): Buffer {
  const head = Buffer.alloc(8, name, 'latin1');
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, Buffer.alloc(length % 2)]);
}

function encodeText(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
