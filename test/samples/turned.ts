import { readFile } from 'node:fs/promises';
import type { Studio } from './audio.ts';

/** A WebM of 10 frames a second whose picture is wide for so many seconds, and tall for the rest. */
export async function makeTurned(made: Studio, wide: number, tall: number): Promise<string> {
  const part = (name: string, size: string, seconds: number) => {
    const source = `color=white:s=${size}:r=10:d=${seconds}`;
    return made.make(name, '-f', 'lavfi', '-i', source, '-c:v', 'libvpx');
  };
  const first = await readFile(await part('wide.ivf', '320x180', wide));
  const second = await readFile(await part('tall.ivf', '180x320', tall));
  const frames = renumber(second.subarray(32), 10 * wide);
  const joined = await made.write('turned.ivf', Buffer.concat([first, frames]));
  return made.make(`turned-${wide}.webm`, '-i', joined, '-c', 'copy');
}

/** The frames of an IVF file, later. */
function renumber(frames: Buffer, first: number): Buffer {
  const copy = Buffer.from(frames);
  for (let at = 0, n = first; at + 12 <= copy.length; n++) {
    const size = copy.readUInt32LE(at);
    copy.writeUInt32LE(n, at + 4);
    at += 12 + size;
  }
  return copy;
}
