import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import sharp from 'sharp';
import { Problem } from './problem.ts';
import type { Source } from './source.ts';

const TYPES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** Whether a file is a picture by its name. */
export const isPicture = (path: string): boolean => extname(path).toLowerCase() in TYPES;

/** Opens a picture. @throws Problem when it cannot be read */
export async function openPicture(path: string): Promise<Source> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new Problem(`${path} cannot be read: ${cause.message}.`, { cause });
  });
  return makeSource(basename(path), TYPES[extname(path).toLowerCase()] as string, bytes);
}

/** Hues of the sky in the morning, at noon and in the evening. */
const SKIES = [
  ['#2b1b4d', '#e8825a'],
  ['#1d5fa8', '#bfe3f5'],
  ['#0b1026', '#a8324a'],
] as const;
const SIZE = { width: 1600, height: 900 };

/** Paints the demo's own pictures: a sun that rises and sets. */
export function paintPictures(): Promise<Source[]> {
  return Promise.all(
    SKIES.map(async ([top, bottom], n) => {
      const { width, height } = SIZE;
      const [x, y] = [(0.25 + 0.25 * n) * width, n === 1 ? height * 0.3 : height * 0.6];
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
        <linearGradient id="g" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient>
        <rect width="100%" height="100%" fill="url(#g)"/><circle cx="${x}" cy="${y}" r="90" fill="#ffe9b0"/>
        <path d="M0 ${height * 0.75} Q ${width * 0.3} ${height * 0.55} ${width * 0.6} ${height * 0.78} T ${width} ${height * 0.7} V ${height} H 0 Z" fill="#12181f"/></svg>`;
      const bytes = await sharp(Buffer.from(svg)).png().toBuffer();
      return makeSource(`sky-${n + 1}.png`, 'image/png', bytes);
    }),
  );
}

function makeSource(fileName: string, contentType: string, bytes: Buffer): Source {
  return {
    name: fileName,
    ...{ fileName, contentType, size: bytes.length },
    async *open() {
      yield bytes;
    },
  };
}
