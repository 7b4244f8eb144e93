import { join } from 'node:path';
import { joinWithFfmpeg } from '../../../providers/ffmpeg.ts';
import { markFile } from '../mark-file.ts';
import { removeControls } from '../plain-text.ts';
import type { RenderPlan } from '../plan.ts';
import type { RenderDir } from '../sound/run.ts';
import { nameSegment } from './render-segment.ts';
import type { Script } from './script.ts';

const JOIN_MS = 600_000;
export const SOUND_FILE = 'sound.m4a';

/** Joins the segments and the sound in the folder, without decoding. Returns the path of the file. */
export async function joinVideo(
  { workDir, ffmpeg, signal }: RenderDir,
  script: Script,
  { tags, origin }: Pick<RenderPlan, 'tags' | 'origin'>,
): Promise<string> {
  const { title, artist, album, genre, date, comment } = tags;
  const metadata = Object.entries({ title, artist, album, genre, date, comment }).flatMap(
    ([name, value]) =>
      value === undefined ? [] : ['-metadata', `${name}=${removeControls(value)}`],
  );
  const end = await joinWithFfmpeg({
    ...{ binary: ffmpeg, cwd: workDir, signal, deadlineMs: JOIN_MS, fileSize: 9_000_000_000 },
    segments: script.segments.map(({ from, to }, n) => ({
      name: nameSegment(n),
      seconds: (to - from) / script.plan.fps,
    })),
    sound: SOUND_FILE,
    outputs: [
      ...['-map', '0:v:0', '-c:v', 'copy', '-map', '1:a:0', '-c:a', 'copy', '-map_metadata', '-1'],
      ...[...metadata, '-movflags', '+faststart', '-f', 'mp4', 'file:video.mp4'],
    ],
  });
  // All of it is ours, so a failure is not a file's fault: the job is retried.
  if (end.exitCode !== 0) throw new Error('ffmpeg could not join a video', { cause: end.log });
  const path = join(workDir, 'video.mp4');
  await markFile(path, origin?.term);
  return path;
}
