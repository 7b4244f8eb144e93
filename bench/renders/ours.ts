import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { headObject } from '../../src/providers/s3.ts';
import { upload } from '../../src/providers/upload.ts';
import { prepareVideo, renderHere } from '../../src/services/exports/picture/render-video.ts';
import type { RenderPlan } from '../../src/services/exports/plan.ts';
import { renderSoundFile } from '../../src/services/exports/sound/render-sound.ts';
import type { RenderDir } from '../../src/services/exports/sound/run.ts';
import type { Stored } from './plans.ts';

const silent = () => undefined;

/** Puts a file into S3, as an upload of a client is there. */
export async function store(path: string): Promise<Stored> {
  const [key, { size }] = [`bench/${basename(path)}`, await stat(path)];
  const { signal } = new AbortController();
  await upload(key, { path, size, contentType: 'application/octet-stream' }, signal);
  return { key, etag: (await headObject(key))?.etag ?? '', size };
}

/** Renders as the job of an export does: from the originals in S3 to the file that is published. */
export async function render(dir: RenderDir, plan: RenderPlan): Promise<string> {
  if (!plan.picture) return (await renderSoundFile(dir, plan, silent)).path;
  const prepared = await prepareVideo(dir, plan, silent);
  return (await renderHere(dir, plan, prepared, silent)).path;
}
