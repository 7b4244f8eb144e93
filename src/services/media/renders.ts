import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import { deleteKeys, download, head, type ObjectSeen, objectsUnder } from '../../providers/s3.ts';
import { upload } from '../../providers/upload.ts';
import { openScratchDir } from '../jobs/scratch-dir.ts';
import { buildRenderKey, type RenderOptions, renderImage } from './image/render.ts';
import { MediaError } from './media-error.ts';
import type { Medium } from './medium.ts';

/** The most that are kept of one image: the oldest goes for the next. */
const MOST_KEPT = 200;
/** The decoder is ended after this, in ms: before whoever waits for it gives up. */
const DEADLINE = 20_000;

/**
 * The key of an image made to measure: of one that was made before, or of a new one. They lie among the
 * derivatives, and go with them when the image's bytes do. @throws AppError INVALID_STATE
 */
export async function render(image: Medium, options: RenderOptions): Promise<string> {
  // While it is processed once more, what was there stays, and this with it.
  if (!(image.status === 'READY' || image.stands) || !image.derivativesPath) {
    throw new AppError('INVALID_STATE', 'It is not READY.');
  }
  const folder = `${image.derivativesPath}/renders/`;
  const key = folder + buildRenderKey(options);
  if (await head(key)) return key;
  await makeRoom(folder);
  await make(image, options, key);
  return key;
}

async function makeRoom(folder: string): Promise<void> {
  const kept: ObjectSeen[] = [];
  for await (const page of objectsUnder(folder)) kept.push(...page);
  kept.sort((a, b) => a.changedAt.getTime() - b.changedAt.getTime());
  const over = kept.slice(0, Math.max(0, kept.length - MOST_KEPT + 1));
  await deleteKeys(over.slice(0, 1000).map((o) => o.key));
}

async function make(image: Medium, options: RenderOptions, key: string): Promise<void> {
  await using dir = await openScratchDir();
  const [original, made] = [join(dir.path, 'original'), join(dir.path, 'made')];
  const signal = AbortSignal.timeout(DEADLINE);
  try {
    const etag = image.object?.etag ?? '';
    if (!(await download(image.filePath, etag, original, signal, () => {}))) {
      throw new AppError('INVALID_STATE', 'Its bytes have changed just now.');
    }
    const { contentType, size } = await renderImage(original, options, made, signal);
    await upload(key, { path: made, size, contentType }, signal);
  } catch (error) {
    if (signal.aborted) {
      throw new AppError('UNAVAILABLE', 'It took too long.', { cause: error, retryAfter: 5 });
    }
    if (error instanceof MediaError) throw new AppError('INVALID_STATE', error.message);
    throw error;
  }
}
