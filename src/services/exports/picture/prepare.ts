import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { config } from '../../../config.ts';
import { decodeInto, openPixels } from '../../media/image/decoder.ts';
import { fetchOriginal } from '../../media/original.ts';
import type { Source } from '../plan.ts';
import type { Mix } from '../sound/mix.ts';
import { PCM_DEMUXER } from '../sound/pcm.ts';
import { type RenderDir, runStep } from '../sound/run.ts';
import { writeCircleMaps } from './circle.ts';
import type { PicturePlan } from './picture-plan.ts';
import { FONTS_FOLDER, SUBTITLES } from './render-segment.ts';
import type { Script } from './script.ts';
import { nameSlide } from './slideshow.ts';
import { writeSubtitles } from './subtitles.ts';
import { BACKGROUND, computeDiameter, SOUND, X_MAP, Y_MAP } from './visualizer.ts';

/** A moving picture is larger than its frame by this, so that it moves by less than a pixel. */
const OVERSIZE = 2;

/**
 * Puts all files that segments are rendered from into the folder. Returns their names, without the fonts,
 * which every worker has.
 */
export async function prepareFiles(dir: RenderDir, { plan }: Script, mix: Mix): Promise<string[]> {
  const { show } = plan;
  const names: string[] = [];
  if (show.type === 'SLIDESHOW') {
    for (const [n, { source, orientation }] of show.images.entries()) {
      const factor = show.isMoving ? OVERSIZE : 1;
      await makePicture(dir, source, { orientation, name: nameSlide(n), plan, factor });
      names.push(nameSlide(n));
    }
  }
  if (show.type === 'VISUALIZER') {
    if (show.image) {
      await makePicture(dir, show.image.source, {
        ...show.image,
        name: BACKGROUND,
        plan,
        factor: 1,
      });
      names.push(BACKGROUND);
    }
    if (show.style === 'CIRCLE') {
      await writeCircleMaps(dir.workDir, computeDiameter(plan));
      names.push(X_MAP, Y_MAP);
    }
    await writeSound(dir, mix);
    names.push(SOUND);
  }
  if (await prepareText(dir.workDir, plan)) names.push(SUBTITLES);
  return names;
}

/** Writes the subtitles and brings the fonts that they need. False where there are none. */
export async function prepareText(workDir: string, plan: PicturePlan): Promise<boolean> {
  const subtitles = writeSubtitles(plan);
  if (!subtitles) return false;
  await writeFile(join(workDir, SUBTITLES), subtitles.ass);
  const folder = join(workDir, FONTS_FOLDER);
  await mkdir(folder, { recursive: true });
  for (const file of subtitles.fonts) {
    await copyFile(join(config.fontsPath, file), join(folder, basename(file)));
  }
  return true;
}

async function makePicture(
  dir: RenderDir,
  { key, etag }: Source,
  {
    orientation,
    name,
    plan,
    factor,
  }: { orientation: number; name: string; plan: PicturePlan; factor: number },
): Promise<void> {
  const original = join(dir.workDir, 'image');
  await fetchOriginal({ filePath: key, etag }, original, dir.signal);
  const size = { width: plan.width * factor, height: plan.height * factor };
  const most = Math.max(size.width, size.height) * 2;
  const decoded = await decodeInto(
    original,
    { width: most, height: most, fit: 'inside' },
    orientation,
  );
  await rm(original);
  const made = await fitPicture(decoded, size);
  await made.png({ compressionLevel: 1 }).toFile(join(dir.workDir, name));
}

/** A picture of nearly the same shape is cropped; another one stands before itself, blurred. */
const MOST_CROPPED = 0.35;

async function fitPicture(
  pixels: Awaited<ReturnType<typeof decodeInto>>,
  { width, height }: { width: number; height: number },
): Promise<Sharp> {
  const flat = () => openPixels(pixels).flatten({ background: '#000000' });
  const [wide, high] = [width / pixels.width, height / pixels.height];
  const cropped = 1 - Math.min(wide, high) / Math.max(wide, high);
  if (cropped <= MOST_CROPPED) return flat().resize({ width, height, fit: 'cover' });
  // Blurred when it is small, which costs nothing.
  const small = {
    width: Math.ceil(width / 16),
    height: Math.ceil(height / 16),
    fit: 'cover',
  } as const;
  const blurred = await flat().resize(small).blur(4).modulate({ brightness: 0.6 }).png().toBuffer();
  const whole = await flat()
    .resize({ width, height, fit: 'inside' })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return sharp(blurred)
    .resize({ width, height, fit: 'fill' })
    .composite([{ input: whole }])
    .removeAlpha();
}

/** The sound, as segments that other workers render need it: small, and exact to the sample. */
async function writeSound(dir: RenderDir, mix: Mix): Promise<void> {
  await runStep(dir, mix.seconds / 2, {
    inputs: [{ path: mix.path, demuxer: PCM_DEMUXER }],
    outputs: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac', `file:${SOUND}`],
  });
}
