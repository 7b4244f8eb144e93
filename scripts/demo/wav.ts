import { type Mix, RATE } from './synth.ts';

/** A WAV file of 16 bits, stereo, with its title and artist. */
export function wav({ left, right }: Mix, title: string, artist: string): Buffer {
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
  const names = [chunk('INAM', text(title)), chunk('IART', text(artist))];
  const info = chunk('LIST', Buffer.from('INFO'), ...names);
  return chunk('RIFF', Buffer.from('WAVE'), chunk('fmt ', format), info, chunk('data', samples));
}

/** Its name, its length, its content; the next one begins at an even place. */
function chunk(name: string, ...parts: Buffer[]): Buffer {
  const head = Buffer.alloc(8, name, 'latin1');
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, Buffer.alloc(length % 2)]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
