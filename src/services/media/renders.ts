import { join } from 'node:path';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { AppError } from '../../errors.ts';
import {
  deleteKeys,
  download,
  headObject,
  type ListedObject,
  listObjects,
} from '../../providers/s3.ts';
import { upload } from '../../providers/upload.ts';
import { openScratchDir } from '../jobs/scratch-dir.ts';
import { withAllowance } from '../metering/allowances/with-allowance.ts';
import { buildRenderKey, type RenderOptions, renderImage } from './image/render.ts';
import { MediaError } from './media-error.ts';
import type { Medium } from './medium.ts';

/** The most renders stored of one image; beyond that the oldest is deleted. */
const MOST_KEPT = 200;
/** The decoder is aborted after this, in ms: before the HTTP function times out. */
const DEADLINE_MS = 20_000;

/**
 * Returns the key of a render, and makes it unless it exists. Renders are stored below the
 * derivatives and are deleted with them. @throws AppError INVALID_STATE, ALLOWANCE_EXCEEDED
 */
export async function findOrMakeRender(
  ctx: Ctx,
  image: Medium,
  options: RenderOptions,
): Promise<string> {
  // While the image is processed again its former derivatives stay published, so it can be
  // rendered, too.
  if (!(image.status === 'READY' || image.stands) || !image.derivativesPath) {
    throw new AppError('INVALID_STATE', 'The image is not READY.');
  }
  const folder = `${image.derivativesPath}/renders/`;
  const key = folder + buildRenderKey(options);
  if (await headObject(key)) return key;
  await deleteOldest(folder);
  await withAllowance(ctx, image.user, { renders: 1 }, () => makeRender(image, options, key));
  return key;
}

async function deleteOldest(folder: string): Promise<void> {
  const kept: ListedObject[] = [];
  for await (const page of listObjects(folder)) kept.push(...page);
  kept.sort((a, b) => a.changedAt.getTime() - b.changedAt.getTime());
  const over = kept.slice(0, Math.max(0, kept.length - MOST_KEPT + 1));
  await deleteKeys(over.slice(0, 1000).map((o) => o.key));
}

async function makeRender(image: Medium, options: RenderOptions, key: string): Promise<void> {
  await using dir = await openScratchDir();
  const [original, made] = [join(dir.path, 'original'), join(dir.path, 'made')];
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    const etag = image.object?.etag ?? '';
    if (!(await download(image.filePath, etag, original, signal, () => {}))) {
      throw new AppError('INVALID_STATE', 'The image was replaced just now: try again.');
    }
    const { contentType, size } = await renderImage(original, options, made, {
      ...{ workDir: dir.path, ffmpeg: config.ffmpegPath, signal },
    });
    await upload(key, { path: made, size, contentType }, signal);
  } catch (error) {
    if (signal.aborted) {
      const message = 'Rendering the image took too long.';
      throw new AppError('UNAVAILABLE', message, { cause: error, retryAfter: 5 });
    }
    if (error instanceof MediaError) throw new AppError('INVALID_STATE', error.message);
    throw error;
  }
}
