import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { corrupt, MediaError } from '../media-error.ts';
import {
  type DerivativeFile,
  type MediaProcessor,
  type PlannedDerivative,
  type Processed,
  type ProcessorInput,
  throttleProgress,
} from '../processor.ts';
import { buildWarning, type MediaWarning } from '../warning.ts';
import { buildEarlyFacts, buildFinalFacts, type VideoFacts } from './facts.ts';
import { VIDEO_LIMITS, type VideoLimits } from './limits.ts';
import { hasDecodableSound, measureTimes, type OpenVideo } from './open.ts';
import { type DecodedShape, makePoster } from './poster.ts';
import {
  computePreviewSize,
  type EncodedPreview,
  makePreview,
  type PreviewPlan,
} from './preview.ts';
import { chooseOutputRate } from './rate.ts';
import { buildPreviewRendition } from './renditions.ts';
import { planSegments, type SegmentPlan } from './segment-plan.ts';
import { probeVideo } from './sniff.ts';
import type { MeasuredSound } from './sound.ts';
import { prepareFrames, removeColorTable, UNKNOWN_FRAMES } from './source-frames.ts';
import { makeSpriteFromKeyframes, planSprite, writeSpriteFiles } from './sprite.ts';
import { readVideoTags, type VideoTags } from './tags/video-tags.ts';
import type { VideoWork } from './work.ts';

/**
 * In seconds. The sprite of a longer video is made from keyframes, before the preview; that of a
 * shorter one in the same pass as the preview.
 */
const LONG_SECONDS = 60;
/** Progress in percent after each stage. */
const [PROBED, POSTER, SPRITE] = [2, 6, 16];

/**
 * Processes one video: facts, poster, thumbnail, sprite with its map, preview, and waveform of the
 * sound.
 */
export const processVideo: MediaProcessor = (input) => processWithin(VIDEO_LIMITS)(input);

/** Makes a processor with the given limits. */
export function processWithin(limits: VideoLimits): MediaProcessor {
  return async (input) => {
    const { signal, ffmpeg, secondsPerJob = Number.POSITIVE_INFINITY } = input;
    const progress = throttleProgress(input.onProgress);
    signal.throwIfAborted();
    progress(0, 'probe');
    const path = resolve(input.path);
    const { container, bytes } = await probeVideo(path, limits, signal);
    const metadata = await readVideoTags(path, container, signal);
    const work: VideoWork = {
      path,
      workDir: resolve(input.workDir),
      ffmpeg,
      signal,
      limits,
      container,
      frames: UNKNOWN_FRAMES,
    };
    await using _table = { [Symbol.asyncDispose]: () => removeColorTable(work) };
    const times = await measureTimes(work);
    const { seconds, pictures } = times;
    const hasSound = hasDecodableSound(work);
    const early = buildEarlyFacts(work, times, bytes);
    await input.onProbed({
      contentType: container.contentType,
      facts: early,
      seconds,
      derivatives: planDerivatives(hasSound),
    });
    progress(PROBED, 'poster');

    work.frames = await prepareFrames(work);
    const { shape, poster, thumbnail } = await makePoster(work);
    await input.onDerivative(poster);
    await input.onDerivative(thumbnail);
    progress(POSTER, 'sprite');

    const rate = chooseOutputRate(pictures.frameRate, pictures.variableFrameRate);
    const opened: OpenVideo = { ...times, work, frameFormat: { shape, rate }, hasSound };
    const plan = planSegments(opened, [buildPreviewRendition(shape)], secondsPerJob);
    if (plan.segments.length > 1)
      return leavePreviewToSegments(input, opened, { early, shape, plan, metadata });

    const grid = planSprite(shape, seconds, work.frames);
    const reportShare = (from: number, to: number, stage: string) => (done: number) =>
      progress(from + (to - from) * Math.min(1, done / seconds), stage);
    const isLong = seconds > LONG_SECONDS;
    const hasSprite =
      isLong && (await makeSpriteFromKeyframes(work, grid, reportShare(POSTER, SPRITE, 'sprite')));
    const deliverSprite = async () => {
      for (const file of await writeSpriteFiles(work, grid)) await input.onDerivative(file);
    };
    if (hasSprite) await deliverSprite();

    const warnings = warnUnsupportedSound(opened);
    const made = await makePreviewOrSilent(
      work,
      {
        size: computePreviewSize(shape),
        rate,
        times,
        hasSound,
        sprite: hasSprite ? null : grid,
      },
      reportShare(hasSprite ? SPRITE : POSTER, 98, 'preview'),
      warnings,
    );
    warnings.push(...checkLengths(opened, made.seconds - times.still));
    if (made.changesSize) warnings.push(SIZE_WARNING);
    if (!hasSprite) await deliverSprite();
    await input.onDerivative(made.preview);
    if (made.heard) await input.onDerivative(await writeWaveform(work, made.heard));
    signal.throwIfAborted();
    progress(100, 'done');
    const facts = buildFinalFacts(early, work, { shape, times }, made);
    return { contentType: container.contentType, facts: { ...facts }, metadata, warnings };
  };
}

/**
 * For a long video: makes the sprite and the facts except the sound's; child jobs encode the
 * preview.
 */
async function leavePreviewToSegments(
  input: ProcessorInput,
  opened: OpenVideo,
  known: { early: VideoFacts; shape: DecodedShape; plan: SegmentPlan; metadata: VideoTags },
): Promise<Processed> {
  const { work, seconds, pictures } = opened;
  const { early, shape, plan, metadata } = known;
  const warnings = [...warnUnsupportedSound(opened), ...checkLengths(opened, pictures.end)];
  const grid = planSprite(shape, seconds, work.frames);
  // From keyframes even if there are few: decoding the whole video would take too long.
  await makeSpriteFromKeyframes(work, grid, () => {});
  for (const file of await writeSpriteFiles(work, grid)) await input.onDerivative(file);
  const facts = buildFinalFacts(early, work, { shape, times: opened }, { heard: null, seconds });
  const { contentType } = work.container;
  return { contentType, facts: { ...facts }, metadata, warnings, segments: plan };
}

function planDerivatives(hasSound: boolean): PlannedDerivative[] {
  const plan = (name: string, contentType: string, mandatory = true) => ({
    ...{ name, contentType, mandatory },
  });
  return [
    plan('poster', 'image/jpeg'),
    plan('thumbnail', 'image/jpeg'),
    plan('sprite', 'image/jpeg'),
    plan('spriteMap', 'text/vtt'),
    plan('preview', 'video/mp4'),
    ...(hasSound ? [plan('waveform', 'application/json', false)] : []),
  ];
}

/** Makes the preview; if the sound is broken, without it and with a warning. */
async function makePreviewOrSilent(
  work: VideoWork,
  plan: PreviewPlan,
  onSeconds: (seconds: number) => void,
  warnings: MediaWarning[],
): Promise<EncodedPreview> {
  try {
    const made = await makePreview(work, plan, onSeconds);
    if (plan.hasSound && !made.heard) warnings.push(SILENT_WARNING);
    return made;
  } catch (error) {
    const isOfSound =
      error instanceof MediaError && error.code === 'CORRUPT_MEDIA' && plan.hasSound;
    if (!isOfSound) throw error;
    const made = await makePreview(work, { ...plan, hasSound: false }, onSeconds);
    warnings.push(SILENT_WARNING);
    return made;
  }
}

/** The warning when the sound turns out to be broken. */
export const SILENT_WARNING = buildWarning(
  'SOUND_CORRUPT',
  'The sound cannot be decoded: the preview is silent, and has no waveform.',
);

/** The warning when frames of several sizes follow one another. */
export const SIZE_WARNING = buildWarning(
  'PICTURE_SIZE_CHANGES',
  'The size of the picture changes in mid-stream: other shapes than the first have margins.',
);

function warnUnsupportedSound({ work, hasSound }: OpenVideo): MediaWarning[] {
  const { audio } = work.container;
  if (!audio || hasSound) return [];
  return [
    buildWarning(
      'SOUND_UNSUPPORTED',
      `The sound is "${audio.codec}", which is not supported: the preview is silent.`,
    ),
  ];
}

/**
 * Compares lengths with declared ones: the decoded pictures and the packets of the sound each with
 * their own track, because one may end long before the other; without a length of the track, the
 * whole with the file's.
 */
function checkLengths(
  { work, seconds, pictures, soundEnd }: OpenVideo,
  decoded: number,
): MediaWarning[] {
  const { video, audio, declaredSeconds } = work.container;
  const shown = checkLength(decoded, video.declaredEnd ?? pictures.end);
  if (shown.length > 0) return shown;
  if (video.declaredEnd === null) return checkLength(seconds, declaredSeconds);
  // Sound that ends before the pictures is not checked: to a viewer it is silence.
  const promised = audio?.declaredEnd ?? 0;
  return promised > video.declaredEnd ? checkLength(soundEnd ?? 0, promised) : [];
}

/**
 * A file that was cut off still plays, so it is accepted with a warning, unless less than a quarter
 * of the declared length is left.
 */
function checkLength(seconds: number, declared: number | null): MediaWarning[] {
  if (declared === null || seconds >= declared - 1) return [];
  const found = `${seconds.toFixed(1)} of ${declared.toFixed(1)} seconds`;
  if (seconds < declared / 4) throw corrupt(`This video is cut off: it has ${found}.`);
  if (seconds > declared * 0.98) return [];
  return [buildWarning('CUT_OFF', `This video is cut off: it has ${found}.`)];
}

async function writeWaveform(
  { workDir }: VideoWork,
  { waveform }: MeasuredSound,
): Promise<DerivativeFile> {
  const path = join(workDir, 'waveform.json');
  await writeFile(path, waveform);
  const { size } = await stat(path);
  return { name: 'waveform', path, contentType: 'application/json', size };
}
