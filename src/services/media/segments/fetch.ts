import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { download, headObject } from '../../../providers/s3.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import type { SegmentResult } from './encode-job.ts';

/** Finds the facts of the sound among the results of the child jobs; null without sound. */
export function findSoundFacts(results: SegmentResult[]): object | null {
  return results.find(({ facts }) => facts)?.facts ?? null;
}

/**
 * Downloads the segment files whose names satisfy `isWanted`.
 * @throws JobFailure TOO_LARGE when they and the joined file do not fit on the disk
 */
export async function fetchSegments(
  results: SegmentResult[],
  workDir: string,
  signal: AbortSignal,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  const wanted = results
    .flatMap(({ keys }) => Object.entries(keys))
    .filter(([name]) => isWanted(name));
  const found = await Promise.all(
    wanted.map(async ([name, key]) => {
      const object = await headObject(key);
      if (!object) throw new Error(`The segment ${key} is gone.`);
      return { ...object, name, key };
    }),
  );
  const bytes = found.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(workDir);
  if (2 * bytes > bavail * bsize) {
    throw new JobFailure('TOO_LARGE', 'This video is too long to be joined from its segments.');
  }
  for (const { name, key, etag } of found) {
    if (!(await download(key, etag, join(workDir, name), signal, () => {}))) {
      throw new Error(`The segment ${key} is gone.`);
    }
  }
}
