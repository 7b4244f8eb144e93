import { join } from 'node:path';
import { type Loudness, readLoudness } from '../../media/audio/analysis/loudness.ts';
import type { SoundPlan } from '../plan.ts';
import type { DecodedClip } from './decode-clip.ts';
import { countFrames, formatDb, PCM_DEMUXER, PCM_OUTPUT } from './pcm.ts';
import { type RenderDir, runStep } from './run.ts';

/** The whole sound of an export as samples, and how loud it is. */
export interface Mix {
  path: string;
  sampleRate: number;
  frames: number;
  seconds: number;
  loudness: Loudness;
}

/** Measures what passes, and prints the result at the end of ffmpeg's log. */
export const MEASURE = 'ebur128=peak=true:framelog=quiet';

/** Puts clips in sequence or on top of each other, with gain and fades, and measures the result. */
export async function mixClips(
  dir: RenderDir,
  plan: SoundPlan,
  clips: readonly DecodedClip[],
): Promise<Mix> {
  const path = join(dir.workDir, 'mix.w64');
  const { sampleRate } = plan;
  const expected = clips.reduce((sum, { frames }) => sum + frames, 0) / sampleRate;
  const end = await runStep(dir, expected / 2, {
    inputs: clips.map((clip) => ({ path: clip.path, demuxer: PCM_DEMUXER })),
    outputs: [
      ...['-filter_complex', buildGraph(plan, clips), '-map', '[file]', '-bitexact'],
      ...[
        '-map_metadata',
        '-1',
        ...PCM_OUTPUT,
        `file:${path}`,
        '-map',
        '[meter]',
        '-f',
        'null',
        '-',
      ],
    ],
  });
  const frames = await countFrames(path);
  const seconds = frames / sampleRate;
  return { path, sampleRate, frames, seconds, loudness: readLoudness(end.log, seconds) };
}

function buildGraph(plan: SoundPlan, clips: readonly DecodedClip[]): string {
  const each = clips.map((clip, n) => `[${n}:a]${buildClipFilter(plan, clip)}[c${n}]`);
  const all = clips.map((_, n) => `[c${n}]`).join('');
  return [
    ...each,
    `${all}${buildJoin(plan, clips.length)},asplit=2[file][metered]`,
    `[metered]${MEASURE}[meter]`,
  ].join(';');
}

function buildClipFilter(
  { sampleRate, arrangement }: SoundPlan,
  { gain, fadeIn, fadeOut, frames, at }: DecodedClip,
): string {
  const toFrames = (seconds: number) => Math.min(frames, Math.round(seconds * sampleRate));
  const out = toFrames(fadeOut);
  const delay = arrangement === 'MIX' ? Math.round(at * sampleRate) : 0;
  const filters = [
    ...(gain === 0 ? [] : [`volume=${formatDb(gain)}`]),
    ...(fadeIn > 0 ? [`afade=t=in:ss=0:ns=${toFrames(fadeIn)}`] : []),
    ...(out > 0 ? [`afade=t=out:ss=${frames - out}:ns=${out}`] : []),
    ...(delay > 0 ? [`adelay=delays=${delay}S:all=1`] : []),
  ];
  return filters.join(',') || 'anull';
}

function buildJoin({ arrangement, crossfade, sampleRate }: SoundPlan, count: number): string {
  if (count === 1) return 'anull';
  if (arrangement === 'MIX') return `amix=inputs=${count}:duration=longest:normalize=0`;
  // Equal power: two songs that have nothing in common stay as loud while they cross.
  if (crossfade > 0)
    return `acrossfade=inputs=${count}:ns=${Math.round(crossfade * sampleRate)}:c1=qsin:c2=qsin`;
  return `concat=n=${count}:v=0:a=1`;
}
