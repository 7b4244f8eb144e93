import { rm } from 'node:fs/promises';
import type { BoundedFile } from '../bounded-file.ts';
import type { Picture } from './formats/picture.ts';
import { decodeHeic, type HeicWork } from './heic/decode.ts';

/** A file that sharp decodes; a temporary one is deleted at the end of `await using`. */
export interface ImageSource extends AsyncDisposable {
  path: string;
}

/** Finds what sharp decodes: the file itself or, as it has no decoder for HEIC, a decoded copy. */
export async function openSource(
  path: string,
  file: BoundedFile,
  { heic }: Picture,
  work: HeicWork,
): Promise<ImageSource> {
  if (!heic) return { path, [Symbol.asyncDispose]: async () => {} };
  const decoded = await decodeHeic(file, heic, work);
  return { path: decoded, [Symbol.asyncDispose]: () => rm(decoded, { force: true }) };
}
