import { findOne } from '../../../data/read.ts';
import { Job } from '../../../models/jobs/job.ts';
import { split } from '../../jobs/job-parts.ts';
import type { Work } from '../../jobs/worker.ts';
import type { Derivative, Medium } from '../keys.ts';
import type { Processed } from '../processor.ts';
import type { Pieces } from '../video/segments.ts';
import { pieceParts, piecesFolder } from './pieces.ts';

/** What is known of a video before its preview is encoded. */
export interface Known {
  processed: Processed & { inPieces: Pieces };
  derivatives: Derivative[];
  checksum: string;
}

/** Leaves the preview of a long video to jobs of their own, and the rest of this one to its next claim. */
export async function leaveInPieces(
  work: Work,
  medium: Medium,
  target: string,
  known: Known,
): Promise<void> {
  const input = work.claim.job.input as { entity: string; etag: string };
  const folder = piecesFolder(work, medium);
  const of = { ...input, filePath: medium.filePath, target, folder, stream: false };
  const parts = pieceParts(of, known.processed.inPieces);
  await split(work, { target, folder, state: known, parts });
}

/** Whether the rest has been left to others, whatever was heard of it. */
export async function isLeft({ ctx, claim }: Work, target: string): Promise<boolean> {
  const mine = { _id: claim.job._id, 'parts.target': target };
  return (await findOne(ctx, Job, mine, { projection: { _id: 1 } })) !== null;
}
