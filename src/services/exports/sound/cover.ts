import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { download, headObject } from '../../../providers/s3.ts';
import { decodeInto, openPixels } from '../../media/image/decoder.ts';
import type { RenderDir } from './run.ts';

/** In pixels. */
const LONGEST_SIDE = 1000;

/** Brings a picture that we made, as a JPEG; null when it is gone: no export fails for its cover. */
export async function fetchCover(
  { workDir, signal }: RenderDir,
  key: string,
): Promise<string | null> {
  const found = await headObject(key);
  const source = join(workDir, 'cover-source');
  if (!found || !(await download(key, found.etag, source, signal, () => {}))) return null;
  const box = { width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside' } as const;
  const pixels = openPixels(await decodeInto(source, box, 1));
  const path = join(workDir, 'cover.jpg');
  await pixels.flatten({ background: '#ffffff' }).jpeg({ quality: 90 }).toFile(path);
  await rm(source);
  return path;
}
