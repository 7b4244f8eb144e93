import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import { type Picture, partCounter, refuseSize } from './picture.ts';
import type { Window } from './window.ts';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** Baseline, extended and progressive Huffman coding: what every decoder knows. */
const USUAL = [0xc0, 0xc1, 0xc2];

/** A JPEG file (ITU T.81 annex B), from its segments up to the frame header; null when it is none. */
export async function readJpeg(file: Window, limits: ImageLimits): Promise<Picture | null> {
  if ((await file.at(0, 3)).toString('hex') !== 'ffd8ff') return null;
  const count = partCounter(limits);
  for (let at = 2; ; ) {
    count();
    const head = await file.at(at, 10);
    const [start = 0, marker = 0] = head;
    if (head.length < 4 || start !== 0xff) throw corrupt('This JPEG file breaks off in its head.');
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) {
      throw corrupt('This JPEG file has no frame header.');
    }
    if (isFrame(marker)) return picture(marker, head, limits);
    const isAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += isAlone ? 2 : 2 + head.readUInt16BE(2);
  }
}

function isFrame(marker: number): boolean {
  return (
    (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7
  );
}

function picture(marker: number, head: Buffer, limits: ImageLimits): Picture {
  if (head.length < 10) throw corrupt('This JPEG file breaks off in its head.');
  const [precision, components] = [head[4] ?? 0, head[9] ?? 0];
  if (!USUAL.includes(marker)) throw unusual('lossless, arithmetic or hierarchical coding');
  if (precision !== 8) throw unusual(`${precision} bits a sample`);
  if (![1, 3, 4].includes(components)) throw unusual(`${components} components`);
  const [height, width] = [head.readUInt16BE(5), head.readUInt16BE(7)];
  refuseSize(width, height, limits);
  return { format: 'jpeg', contentType: 'image/jpeg', width, height, frames: 1 };
}

function unusual(what: string): MediaError {
  return new MediaError('UNSUPPORTED_MEDIA', `This is a JPEG image with ${what}.`);
}
