import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { corrupt, MediaError } from '../media-error.ts';
import {
  type DerivativeFile,
  type MediaProcessor,
  type PlannedDerivative,
  type Processed,
  type ProcessorInput,
  wholePercents,
} from '../processor.ts';
import { earlyFacts, lateFacts, type VideoFacts } from './facts.ts';
import { VIDEO_LIMITS, type VideoLimits } from './limits.ts';
import { isHeard, type OpenVideo, timesOf } from './open.ts';
import { type DecodedShape, makePoster } from './poster.ts';
import { type Made, makePreview, type PreviewPlan, previewSize } from './preview.ts';
import { outputRate } from './rate.ts';
import { previewRendition } from './renditions.ts';
import { planSegments, type SegmentPlan } from './segments.ts';
import { probeVideo } from './sniff.ts';
import type { Heard } from './sound.ts';
import { planSprite, spriteFiles, spriteOfKeyframes } from './sprite.ts';
import type { Work } from './work.ts';

/** Shorter than that, the sprite is made with the preview; longer, of keyframes and before it. */
const LONG = 60;
/** The shares of the work, in percent. */
const [PROBED, POSTER, SPRITE] = [2, 6, 16];

/** A video: its facts, a poster, a thumbnail, a sprite with its map, a preview, and its sound. */
export const processVideo: MediaProcessor = (input) => processWithin(VIDEO_LIMITS)(input);

/** The same within limits of one's own. */
export function processWithin(limits: VideoLimits): MediaProcessor {
  return async (input) => {
    const { signal, ffmpeg, secondsPerJob = Number.POSITIVE_INFINITY } = input;
    const progress = wholePercents(input.onProgress);
    signal.throwIfAborted();
    progress(0, 'probe');
    const path = resolve(input.path);
    const { container, bytes } = await probeVideo(path, limits, signal);
    const work: Work = { path, workDir: resolve(input.workDir), ffmpeg, signal, limits, container };
    const times = await timesOf(work);
    const { seconds, pictures } = times;
    const hasSound = isHeard(work);
    const early = earlyFacts(work, times, bytes);
    await input.onProbed({
      contentType: container.contentType,
      facts: early,
      derivatives: planned(hasSound),
    });
    progress(PROBED, 'poster');

    const { shape, poster, thumbnail } = await makePoster(work);
    await input.onDerivative(poster);
    await input.onDerivative(thumbnail);
    progress(POSTER, 'sprite');

    const rate = outputRate(pictures.frameRate, pictures.variableFrameRate);
    const opened: OpenVideo = { ...times, work, raster: { shape, rate }, hasSound };
    const plan = planSegments(opened, [previewRendition(shape)], secondsPerJob);
    if (plan.segments.length > 1) return leaveToSegments(input, opened, { early, shape, plan });

    const grid = planSprite(shape, seconds);
    const share = (from: number, to: number, stage: string) => (done: number) =>
      progress(from + (to - from) * Math.min(1, done / seconds), stage);
    const isLong = seconds > LONG;
    const hasSprite =
      isLong && (await spriteOfKeyframes(work, grid, share(POSTER, SPRITE, 'sprite')));
    const deliverSprite = async () => {
      for (const file of await spriteFiles(work, grid)) await input.onDerivative(file);
    };
    if (hasSprite) await deliverSprite();

    const warnings = unheardIn(opened);
    const made = await previewOrSilent(
      work,
      { size: previewSize(shape), rate, shape, times, hasSound, sprite: hasSprite ? null : grid },
      share(hasSprite ? SPRITE : POSTER, 98, 'preview'),
      warnings,
    );
    warnings.push(...judgeLengths(opened, made.seconds - times.still));
    if (!hasSprite) await deliverSprite();
    await input.onDerivative(made.preview);
    if (made.heard) await input.onDerivative(await waveformFile(work, made.heard));
    signal.throwIfAborted();
    progress(100, 'done');
    const facts = lateFacts(early, work, { shape, times }, made);
    return { contentType: container.contentType, facts: { ...facts }, metadata: {}, warnings };
  };
}

/** Of a long video: what shows at once, and its facts but for its sound; the rest is for others to do. */
async function leaveToSegments(
  input: ProcessorInput,
  opened: OpenVideo,
  known: { early: VideoFacts; shape: DecodedShape; plan: SegmentPlan },
): Promise<Processed> {
  const { work, seconds, pictures } = opened;
  const { early, shape, plan } = known;
  const warnings = [...unheardIn(opened), ...judgeLengths(opened, pictures.end)];
  const grid = planSprite(shape, seconds);
  // However few keyframes there are: to decode all of it would take too long.
  await spriteOfKeyframes(work, grid, () => {});
  for (const file of await spriteFiles(work, grid)) await input.onDerivative(file);
  const facts = lateFacts(early, work, { shape, times: opened }, { heard: null, seconds });
  const { contentType } = work.container;
  return { contentType, facts: { ...facts }, metadata: {}, warnings, segments: plan };
}

function planned(hasSound: boolean): PlannedDerivative[] {
  const of = (name: string, contentType: string, mandatory = true) => ({
    ...{ name, contentType, mandatory },
  });
  return [
    of('poster', 'image/jpeg'),
    of('thumbnail', 'image/jpeg'),
    of('sprite', 'image/jpeg'),
    of('spriteMap', 'text/vtt'),
    of('preview', 'video/mp4'),
    ...(hasSound ? [of('waveform', 'application/json', false)] : []),
  ];
}

/** One broken sound does not take the pictures with it. */
async function previewOrSilent(
  work: Work,
  plan: PreviewPlan,
  onSeconds: (seconds: number) => void,
  warnings: string[],
): Promise<Made> {
  try {
    const made = await makePreview(work, plan, onSeconds);
    if (plan.hasSound && !made.heard) warnings.push(SILENT);
    return made;
  } catch (error) {
    const isOfSound =
      error instanceof MediaError && error.code === 'CORRUPT_MEDIA' && plan.hasSound;
    if (!isOfSound) throw error;
    const made = await makePreview(work, { ...plan, hasSound: false }, onSeconds);
    warnings.push(SILENT);
    return made;
  }
}

/** What is told of a sound that turns out to be broken. */
export const SILENT = 'Its sound cannot be decoded: the preview is silent, and has no waveform.';

function unheardIn({ work, hasSound }: OpenVideo): string[] {
  const { audio } = work.container;
  if (!audio || hasSound) return [];
  return [`Its sound is "${audio.codec}", which is not supported: the preview is silent.`];
}

/**
 * Of the pictures what was decoded, of the sound what there is: each against what its own track says, for one
 * may end long before the other. Where no track says, what there is of both against the whole.
 */
function judgeLengths({ work, seconds, pictures, soundEnd }: OpenVideo, decoded: number): string[] {
  const { video, audio, declaredSeconds } = work.container;
  const shown = judgeLength(decoded, video.declaredEnd ?? pictures.end);
  if (shown.length > 0) return shown;
  if (video.declaredEnd === null) return judgeLength(seconds, declaredSeconds);
  // Sound that ends before the picture does is silence to whoever watches.
  const promised = audio?.declaredEnd ?? 0;
  return promised > video.declaredEnd ? judgeLength(soundEnd ?? 0, promised) : [];
}

/**
 * A file that was cut off. What is left of it plays, and is worth having: it is accepted, with a
 * warning, as long as a quarter of what it promises is there.
 */
function judgeLength(seconds: number, declared: number | null): string[] {
  if (declared === null || seconds >= declared - 1) return [];
  const found = `${seconds.toFixed(1)} of ${declared.toFixed(1)} seconds`;
  if (seconds < declared / 4) throw corrupt(`This video is cut off: it has ${found}.`);
  if (seconds > declared * 0.98) return [];
  return [`This video is cut off: it has ${found}.`];
}

async function waveformFile({ workDir }: Work, { waveform }: Heard): Promise<DerivativeFile> {
  const path = join(workDir, 'waveform.json');
  await writeFile(path, waveform);
  const { size } = await stat(path);
  return { name: 'waveform', path, contentType: 'application/json', size };
}
