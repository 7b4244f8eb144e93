import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { corrupt, MediaError } from '../media-error.ts';
import {
  type DerivativeFile,
  type MediaProcessor,
  type PlannedDerivative,
  wholePercents,
} from '../processor.ts';
import { VIDEO_LIMITS, type VideoLimits } from './limits.ts';
import { isHeard, timesOf } from './open.ts';
import { makePoster } from './poster.ts';
import { type Made, makePreview, type PreviewPlan, previewSize } from './preview.ts';
import { outputRate } from './rate.ts';
import { probeVideo } from './sniff.ts';
import type { Heard } from './sound.ts';
import { planSprite, spriteFiles, spriteOfKeyframes } from './sprite.ts';
import type { Work } from './work.ts';

/** All that was found in a video. */
export interface VideoFacts {
  video: {
    durationSeconds: number;
    /** As it is shown, after rotation. */
    width: number;
    height: number;
    /** Frames a second on average; none of a single picture. */
    frameRate?: number;
    codec: string;
    bitRate: number;
    /** In degrees, clockwise: how its frames are turned to be shown. */
    rotation: number;
    hasAudio: boolean;
    variableFrameRate?: boolean;
    hdr: boolean;
    pixelFormat?: string;
  };
  audio?: { durationSeconds: number; sampleRate: number; channels: number; codec: string };
  /** As of a track; what there is not is left out. */
  loudness?: { integratedLufs?: number; rangeLu?: number; truePeakDbtp?: number };
}

/** Shorter than that, the sprite is made with the preview; longer, of keyframes and before it. */
const LONG = 60;
/** The shares of the work, in percent. */
const [PROBED, POSTER, SPRITE] = [2, 6, 16];

/** A video: its facts, a poster, a thumbnail, a sprite with its map, a preview, and its sound. */
export const processVideo: MediaProcessor = (input) => processWithin(VIDEO_LIMITS)(input);

/** The same within limits of one's own. */
export function processWithin(limits: VideoLimits): MediaProcessor {
  return async (input) => {
    const { signal, ffmpeg } = input;
    const progress = wholePercents(input.onProgress);
    signal.throwIfAborted();
    progress(0, 'probe');
    const path = resolve(input.path);
    const { container, bytes } = await probeVideo(path, limits, signal);
    const work: Work = { path, workDir: resolve(input.workDir), ffmpeg, signal, limits, container };
    const { seconds, ...rates } = await timesOf(work);
    const hasSound = isHeard(work);
    const early = earlyFacts(work, { seconds, ...rates, bytes });
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

    const plan = planSprite(shape, seconds);
    const share = (from: number, to: number, stage: string) => (done: number) =>
      progress(from + (to - from) * Math.min(1, done / seconds), stage);
    const isLong = seconds > LONG;
    const hasSprite =
      isLong && (await spriteOfKeyframes(work, plan, share(POSTER, SPRITE, 'sprite')));
    const deliverSprite = async () => {
      for (const file of await spriteFiles(work, plan)) await input.onDerivative(file);
    };
    if (hasSprite) await deliverSprite();

    const warnings = container.audio && !hasSound ? [unheard(container.audio.codec)] : [];
    const rate = outputRate(rates.frameRate, rates.variableFrameRate ?? false);
    const made = await previewOrSilent(
      work,
      { size: previewSize(shape), rate, shape, seconds, hasSound, sprite: hasSprite ? null : plan },
      share(hasSprite ? SPRITE : POSTER, 98, 'preview'),
      warnings,
    );
    warnings.push(...judgeLength(made.seconds, container.declaredSeconds));
    if (!hasSprite) await deliverSprite();
    await input.onDerivative(made.preview);
    if (made.heard) await input.onDerivative(await waveformFile(work, made.heard));
    signal.throwIfAborted();
    progress(100, 'done');
    const facts = lateFacts(early, work, made, { ...shape, seconds });
    return { contentType: container.contentType, facts: { ...facts }, metadata: {}, warnings };
  };
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

interface Times {
  seconds: number;
  frameRate: number | null;
  variableFrameRate: boolean | null;
  bytes: number;
}

function earlyFacts({ container }: Work, times: Times): VideoFacts & Record<string, object> {
  const { video, audio } = container;
  const { width, height, rotation, codec, hdr } = video;
  const isTurned = rotation === 90 || rotation === 270;
  return {
    video: {
      durationSeconds: thousandths(times.seconds),
      width: isTurned ? height : width,
      height: isTurned ? width : height,
      ...(times.frameRate !== null && { frameRate: thousandths(times.frameRate) }),
      codec,
      bitRate: Math.round((times.bytes * 8) / times.seconds),
      rotation,
      hasAudio: audio !== null,
      ...(times.variableFrameRate !== null && { variableFrameRate: times.variableFrameRate }),
      hdr: hdr !== null,
    },
  };
}

/** One broken sound does not take the pictures with it. */
async function previewOrSilent(
  work: Work,
  plan: PreviewPlan,
  onSeconds: (seconds: number) => void,
  warnings: string[],
): Promise<Made> {
  const unheardNow = 'Its sound cannot be decoded: the preview is silent, and has no waveform.';
  try {
    const made = await makePreview(work, plan, onSeconds);
    if (plan.hasSound && !made.heard) warnings.push(unheardNow);
    return made;
  } catch (error) {
    const isOfSound =
      error instanceof MediaError && error.code === 'CORRUPT_MEDIA' && plan.hasSound;
    if (!isOfSound) throw error;
    const made = await makePreview(work, { ...plan, hasSound: false }, onSeconds);
    warnings.push(unheardNow);
    return made;
  }
}

function unheard(codec: string): string {
  return `Its sound is "${codec}", which is not supported: the preview is silent.`;
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

function lateFacts(
  early: VideoFacts,
  { container }: Work,
  { packets, heard, seconds }: Made,
  shape: {
    width: number;
    height: number;
    pixelFormat: string;
    hdr: string | null;
    seconds: number;
  },
): VideoFacts {
  const isWhole = Math.abs(seconds - shape.seconds) <= Math.max(1, shape.seconds * 0.02);
  const durationSeconds = thousandths(isWhole ? shape.seconds : seconds);
  const { width, height, pixelFormat } = shape;
  const { codec = '', channels = 0 } = container.audio ?? {};
  return {
    video: {
      ...early.video,
      ...{ durationSeconds, width, height, pixelFormat, hdr: shape.hdr !== null },
      ...(packets.frameRate !== null && { frameRate: thousandths(packets.frameRate) }),
      bitRate: Math.round((packets.bytes * 8) / Math.max(packets.seconds, 0.001)),
      variableFrameRate: packets.variableFrameRate,
    },
    ...(heard && {
      audio: {
        durationSeconds: thousandths(heard.seconds),
        sampleRate: heard.format.sampleRate,
        // Of more than two only the header knows: they are mixed down.
        channels: channels > 2 ? channels : heard.format.channels,
        codec,
      },
      loudness: Object.fromEntries(
        Object.entries(heard.loudness).filter(([, value]) => value !== null),
      ),
    }),
  };
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
