import { rm } from 'node:fs/promises';
import { runTogether } from '../../../run-together.ts';
import type { RenderPlan } from '../plan.ts';
import type { RenderedFile } from '../publish.ts';
import { encodeSound } from '../sound/encode.ts';
import type { Mix } from '../sound/mix.ts';
import { makeMix } from '../sound/render-sound.ts';
import type { RenderDir } from '../sound/run.ts';
import { findFirstBeat } from './beat.ts';
import { joinVideo } from './join-video.ts';
import type { PicturePlan } from './picture-plan.ts';
import { prepareFiles } from './prepare.ts';
import { renderSegment } from './render-segment.ts';
import { type Script, writeScript } from './script.ts';

type Progress = (percent: number, stage?: string) => void;

/** All that the segments of a video are rendered from, and its sound, ready to be joined. */
export interface PreparedVideo extends Pick<RenderedFile, 'loudness'> {
  script: Script;
  /** The files in the folder that segments need. */
  names: string[];
}

/** Makes the sound, which says how many frames there are, and the files for all segments. */
export async function prepareVideo(
  dir: RenderDir,
  plan: RenderPlan,
  progress: Progress,
): Promise<PreparedVideo> {
  const picture = plan.picture as PicturePlan;
  const mix = await makeMix(dir, plan.sound, (part) => progress(part * 10, 'decode'));
  progress(10, 'sound');
  const { encoding } = plan;
  const { loudness: target } = plan.sound;
  const output = { encoding, loudness: target, tags: {}, cover: null, name: 'sound' };
  // Side by side: the sound is encoded by one core.
  const [{ loudness }, prepared] = await runTogether(dir.signal, [
    (signal) => encodeSound({ ...dir, signal }, mix, output),
    (signal) => preparePicture({ ...dir, signal }, picture, mix),
  ]);
  await rm(mix.path);
  return { ...prepared, loudness };
}

/** Writes the script of a picture to a sound, and the files for it. */
async function preparePicture(
  dir: RenderDir,
  picture: PicturePlan,
  mix: Mix,
): Promise<Pick<PreparedVideo, 'script' | 'names'>> {
  const bpm = picture.show.type === 'SLIDESHOW' ? picture.show.bpm : null;
  const firstBeat = bpm === null ? 0 : await findFirstBeat(dir, mix, bpm);
  const frames = Math.max(1, Math.round(mix.seconds * picture.fps));
  const script = writeScript(picture, frames, firstBeat);
  return { script, names: await prepareFiles(dir, script, mix) };
}

/** Renders all segments here, one after the other, and joins them. */
export async function renderHere(
  dir: RenderDir,
  plan: RenderPlan,
  { script, loudness }: PreparedVideo,
  progress: Progress,
): Promise<RenderedFile> {
  for (const [n, { from }] of script.segments.entries()) {
    await renderSegment(dir, script, n, (frame) =>
      progress(20 + (70 * (from + frame)) / script.frames, 'render'),
    );
  }
  const path = await joinVideo(dir, script, plan);
  return { path, contentType: 'video/mp4', seconds: script.frames / script.plan.fps, loudness };
}
