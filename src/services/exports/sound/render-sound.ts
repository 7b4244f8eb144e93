import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchOriginal } from '../../media/original.ts';
import { markFile } from '../mark-file.ts';
import type { RenderPlan, SoundPlan } from '../plan.ts';
import type { RenderedFile } from '../publish.ts';
import { fetchCover } from './cover.ts';
import { type DecodedClip, decodeClip } from './decode-clip.ts';
import { encodeSound } from './encode.ts';
import { type Mix, mixClips } from './mix.ts';
import type { RenderDir } from './run.ts';
import { writeId3 } from './write-id3.ts';

type Progress = (percent: number, stage?: string) => void;

/** Renders a file with sound alone. */
export async function renderSoundFile(
  dir: RenderDir,
  plan: RenderPlan,
  progress: Progress,
): Promise<RenderedFile> {
  const mix = await makeMix(dir, plan.sound, (part) => progress(part * 50, 'decode'));
  const cover = plan.cover && (await fetchCover(dir, plan.cover.key));
  progress(50, 'encode');
  const output = { ...plan, loudness: plan.sound.loudness, cover, name: 'sound' };
  const encoded = await encodeSound(dir, mix, output, (round) =>
    progress(50 + 7 * round, 'encode'),
  );
  if (plan.encoding.codec === 'WAV') await writeId3(encoded.path, plan.tags, cover);
  await markFile(encoded.path, plan.origin?.term);
  return { ...encoded, seconds: mix.seconds };
}

/** Brings each source and decodes it; what is not needed any longer makes room on the disk. */
export async function makeMix(
  dir: RenderDir,
  plan: SoundPlan,
  onPart: (part: number) => void,
): Promise<Mix> {
  const clips: DecodedClip[] = [];
  for (const [n, clip] of plan.clips.entries()) {
    const path = join(dir.workDir, 'source');
    const { key, etag } = clip.source;
    await fetchOriginal({ filePath: key, etag }, path, dir.signal);
    clips.push(await decodeClip(clip, { ...dir, path, name: `clip-${n}.w64` }, plan.sampleRate));
    await rm(path);
    onPart((n + 0.8) / plan.clips.length);
  }
  const mix = await mixClips(dir, plan, clips);
  for (const { path } of clips) await rm(path);
  return mix;
}
