import { readFile } from 'node:fs/promises';
import { handler as mediaUploaded } from '../../functions/media-uploaded.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import type { Person, Track } from './given.ts';
import { invocation, s3Event, s3Record } from './invocations.ts';

/** A video as tests look at it. */
export interface VideoSeen extends Track {
  progress: number;
  warnings?: { code: string; message: string }[];
  video: { durationSeconds: number; width: number };
  stream?: {
    status: string;
    job: string;
    renditions?: { name: string; width: number; bandwidth: number; codecs: string }[];
    error?: { code: string };
  };
}

/** A context so many ms from now. */
export const later = (ms = 0): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });

/** Bytes that have arrived and wait for a worker. */
export async function arrivedVideo(person: Person, path: string): Promise<VideoSeen> {
  const file = { fileName: 'clip.mp4', contentType: 'video/mp4' };
  const video = await person.uploads(await readFile(path), file, 'videos');
  await mediaUploaded(s3Event(s3Record(video.filePath as string)), invocation());
  return video as VideoSeen;
}

/** Does one job. Whether there was one. */
export const works = async (ms = 0, types = jobTypes) =>
  (await workOnce(later(ms), types, () => 900_000)) !== 'IDLE';

/** Does jobs, so many at a time, until none is left. Returns how many there were. */
export async function worksAll(lanes = 1, ms = 0): Promise<number> {
  let done = 0;
  for (;;) {
    const were = await Promise.all(Array.from({ length: lanes }, () => works(ms)));
    const some = were.filter(Boolean).length;
    if (some === 0) return done;
    done += some;
  }
}

export const videoNow = async (person: Person, { id }: { id: string }): Promise<VideoSeen> =>
  (await person.get<VideoSeen>(`/v1/videos/${id}`)).body;
