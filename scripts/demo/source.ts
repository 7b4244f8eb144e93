import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Problem } from './problem.ts';
import { playSong } from './song.ts';
import { encodeWav } from './wav.ts';

/** A song to upload: its description and its bytes. */
export interface Source {
  name: string;
  fileName: string;
  contentType: string;
  size: number;
  open(): AsyncIterable<Uint8Array>;
}

/** The content type that is declared for each extension; the server checks the bytes. */
const TYPES: Record<string, string> = {
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
  '.oga': 'audio/ogg',
  '.opus': 'audio/opus',
  '.m4a': 'audio/mp4',
  '.aac': 'audio/aac',
};

const PIECE = 64 * 1024;

/** Opens a file as a source. @throws Problem when it cannot be a song */
export async function openFile(path: string): Promise<Source> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new Problem(`${path} cannot be read: ${error.message}.`);
  });
  if (!found) throw new Problem(`There is no file ${path}.`);
  if (!found.isFile()) throw new Problem(`${path} is not a file.`);
  if (found.size === 0) throw new Problem(`${path} is empty.`);
  const extension = extname(path);
  const contentType = TYPES[extension.toLowerCase()];
  if (!contentType) {
    throw new Problem(`${path} is not a song: tracks are ${Object.keys(TYPES).join(' ')} files.`);
  }
  return {
    name: basename(path, extension).trim().slice(0, 120) || 'Song',
    fileName: basename(path),
    contentType,
    size: found.size,
    open: () => createReadStream(path, { highWaterMark: PIECE }),
  };
}

/** Synthesises the demo's own song. */
export function synthesiseSong(): Source {
  const bytes = encodeWav(playSong(), 'Four Chords', 'Mixdown');
  return {
    name: 'Four Chords',
    fileName: 'four-chords.wav',
    contentType: 'audio/wav',
    size: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
    },
  };
}
