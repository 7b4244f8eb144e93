import type { Clip, SoundPlan } from '../../../src/services/exports/plan.ts';
import { decodeClip } from '../../../src/services/exports/sound/decode-clip.ts';
import { mixClips } from '../../../src/services/exports/sound/mix.ts';
import { readLoudness } from '../../../src/services/media/audio/analysis/loudness.ts';
import { FFMPEG, type Studio } from '../../samples/audio.ts';
import { ffmpegLog } from '../../samples/independent.ts';

/** A clip of all of a file, as the planner makes it. */
function clipOf(more: Partial<Clip> = {}): Clip {
  return {
    source: { entity: 'Track', id: '', name: '', fileName: '', key: '', etag: '', size: 0 },
    ...{ channels: 2, sampleRate: 44_100, from: 0, to: null, seconds: 0 },
    ...{ gain: 0, fadeIn: 0, fadeOut: 0, at: 0, ...more },
  };
}

/** Decodes and mixes files of a studio. */
export async function mixOf(
  { folder }: Studio,
  parts: { path: string; clip?: Partial<Clip> }[],
  more: Partial<SoundPlan> = {},
) {
  const dir = { workDir: folder, ffmpeg: FFMPEG, signal: new AbortController().signal };
  const plan: SoundPlan = {
    ...{ clips: [], arrangement: 'SEQUENCE', crossfade: 0, sampleRate: 44_100, loudness: null },
    ...more,
  };
  const clips = [];
  for (const [n, { path, clip }] of parts.entries()) {
    clips.push(
      await decodeClip(clipOf(clip), { ...dir, path, name: `c${n}.w64` }, plan.sampleRate),
    );
  }
  return { dir, mix: await mixClips(dir, plan, clips) };
}

/** Loudness and true peak of a file, by a run of its own. */
export async function loudnessOf(path: string, seconds = 10) {
  return readLoudness(
    await ffmpegLog(
      '-i',
      path,
      '-map',
      '0:a',
      '-af',
      'ebur128=peak=true:framelog=quiet',
      '-f',
      'null',
      '-',
    ),
    seconds,
  );
}
