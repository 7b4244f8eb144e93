import type { Ctx } from '../../context.ts';
import type { Credits } from '../billing/accounts.ts';
import { readPrices } from '../billing/prices.ts';
import { type AskedExport, makePlan } from './make-plan.ts';
import type { PicturePlan } from './picture/picture-plan.ts';
import type { ArchivePlan, RenderPlan, SoundEncoding, SoundPlan } from './plan.ts';
import { priceExport } from './price.ts';

/** What an export will take. */
export interface Estimate {
  /** Until it is complete, once a worker has it. */
  seconds: number;
  /** Of its file. */
  bytes: number;
  durationSeconds: number;
  /** What it costs, at the prices of now. */
  credits: Credits;
  priceVersion: string;
}

/** Bringing and sending files, in bytes a second; beginning and ending a job, in seconds. */
const [TRANSFER, OVERHEAD] = [60e6, 0.7];
/** Seconds of work for each second of sound: decoding, mixing and measuring, and each encoding with its check. */
const [DECODE, MIX] = [0.006, 0.012];
const ENCODE: Record<SoundEncoding['codec'], number> = {
  ...{ MP3: 0.03, WAV: 0.013, FLAC: 0.018, AAC: 0.03, OPUS: 0.022 },
};
/** How often a file is encoded until its loudness is right. */
const ROUNDS = 1.6;
/** Kilobits of a second, where the codec varies them. */
const V0_KBITS = 245;
/** What FLAC leaves of music. */
const FLAC_SHARE = 0.65;
/** Seconds of work for each million pixels, and the bytes that they become. */
const PIXELS: Record<PicturePlan['show']['type'], { seconds: number; bytes: number }> = {
  SLIDESHOW: { seconds: 0.0085, bytes: 4500 },
  VIDEOS: { seconds: 0.008, bytes: 9500 },
  VISUALIZER: { seconds: 0.006, bytes: 5000 },
};
const PREVIEW_SHARE = 0.6;

/** Estimates an export whose settings are right. @throws AppError VALIDATION_FAILED naming every fault */
export async function estimateExport(ctx: Ctx, asked: AskedExport): Promise<Estimate> {
  const { plan, seconds } = await makePlan(ctx, asked);
  const { work, bytes } =
    plan.format === 'ZIP' ? estimateArchive(plan) : estimateRender(plan, seconds);
  return {
    seconds: Math.max(1, Math.round(work + OVERHEAD + bytes / TRANSFER)),
    bytes: Math.round(bytes),
    durationSeconds: seconds,
    credits: priceExport(ctx, plan, seconds),
    priceVersion: readPrices(ctx).version,
  };
}

function estimateArchive({ sources, manifest }: ArchivePlan) {
  const bytes = sources.reduce(
    (sum, { size }) => sum + size,
    JSON.stringify(manifest).length + 300,
  );
  return { bytes, work: bytes / TRANSFER };
}

function estimateRender({ sound, encoding, picture }: RenderPlan, seconds: number) {
  const decoded = sound.clips.reduce((sum, clip) => sum + clip.from + clip.seconds, 0);
  const brought = sound.clips.reduce((sum, { source }) => sum + source.size, 0);
  const rounds = sound.loudness ? ROUNDS : 1;
  const heard = {
    work: decoded * DECODE + seconds * (MIX + rounds * ENCODE[encoding.codec]) + brought / TRANSFER,
    bytes: seconds * computeByteRate(encoding, sound),
  };
  if (!picture) return heard;
  const { width, height, fps, show, isPreview } = picture;
  const pixels = (width * height * fps * seconds) / 1e6;
  const share = isPreview ? PREVIEW_SHARE : 1;
  const { seconds: work, bytes } = PIXELS[show.type];
  return { work: heard.work + pixels * work * share, bytes: heard.bytes + pixels * bytes * share };
}

function computeByteRate(
  { codec, bitRate, bitDepth }: SoundEncoding,
  { sampleRate }: SoundPlan,
): number {
  const pcm = sampleRate * 2 * (bitDepth === 'FLOAT' ? 4 : bitDepth / 8);
  if (codec === 'WAV') return pcm;
  if (codec === 'FLAC') return pcm * FLAC_SHARE;
  return ((bitRate ?? V0_KBITS) * 1000) / 8;
}
