import type { Ctx } from '../../../context.ts';
import type { DocOf } from '../../../data/entity.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { transaction } from '../../../data/transaction.ts';
import { update } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import { Job } from '../../../models/jobs/job.ts';
import { Video } from '../../../models/media/video.ts';
import { enqueue, ringJobs } from '../../jobs/queue.ts';
import { withAllowance } from '../../metering/allowances/with-allowance.ts';
import type { Shape } from '../video/shape.ts';
import { getStreamLink, type Link } from './sign-playlists.ts';
import { streamVideo } from './stream-job.ts';

/** A video with its hidden fields. */
export type VideoDoc = DocOf<typeof Video>;

/**
 * Enqueues a job that makes the stream of a READY video. Idempotent: while the job runs, and once
 * the stream is READY, it returns that one; a failed stream gets a new job. @throws AppError
 * INVALID_STATE
 */
export async function requestStream(
  ctx: Ctx,
  video: VideoDoc,
): Promise<{ document: VideoDoc; job: UUID; isThere: boolean }> {
  const { stream } = video;
  if (stream && (stream.status === 'READY' || (await findMaking(ctx, video)))) {
    return { document: video, job: stream.job, isThere: stream.status === 'READY' };
  }
  const { _id, filePath, derivativesPath } = video;
  const etag = video.object?.etag;
  if (video.status !== 'READY' || !derivativesPath || !etag) {
    throw new AppError('INVALID_STATE', 'The video is not READY.');
  }
  const { user, project } = video;
  const shape = getShape(video);
  const input = { document: _id, etag, filePath, derivativesPath, shape };
  // Optimistic lock: of two concurrent requests one updates the video, the other reads its result.
  const same = stream
    ? { 'stream.job': stream.job, 'stream.status': stream.status }
    : { stream: { $exists: false } };
  const make = () =>
    transaction(ctx, async (tx) => {
      const job = await enqueue(tx, streamVideo, { input, user, project, isAsked: true });
      const set = { stream: { status: 'PENDING', job: job._id } };
      const mine = { _id, status: 'READY', derivativesPath, ...same };
      const document = await update(tx, Video, mine, { set }, 'stream');
      if (!document) throw new StreamChanged();
      return { document, job: job._id, isThere: false };
    });
  const asked = await withAllowance(ctx, user, { renders: 1 }, make).catch((error: unknown) => {
    if (error instanceof StreamChanged) return null;
    throw error;
  });
  if (asked) {
    await ringJobs(ctx, asked.job);
    return asked;
  }
  const document = await readAgain(ctx, video);
  if (!document?.stream) {
    throw new AppError('INVALID_STATE', 'The video was changed meanwhile: try again.');
  }
  const { status, job } = document.stream;
  return { document, job, isThere: status === 'READY' };
}

class StreamChanged extends Error {}

/** The shape that was detected when the video was processed. */
function getShape({ video }: VideoDoc): Shape {
  if (!video) throw new AppError('INVALID_STATE', 'The video is not READY.');
  const { width, height, transfer } = video;
  return { width, height, hdr: transfer ?? null };
}

/** What plays a video, or the job that makes that now. @throws AppError INVALID_STATE when there is neither */
export async function findStream(ctx: Ctx, video: VideoDoc): Promise<{ making: Making } | Link> {
  const making = await findMaking(ctx, video);
  if (making) return { making };
  // Its job may have ended since the video was read.
  const now = video.stream?.status === 'PENDING' ? await readAgain(ctx, video) : video;
  return getStreamLink(ctx, now ?? video);
}

function readAgain(ctx: Ctx, { _id }: VideoDoc): Promise<VideoDoc | null> {
  return findOne(ctx, Video, { _id }, { projection: { outbox: 0, removing: 0 } });
}

interface Making {
  _id: UUID;
  progress: number;
}

/**
 * Finds the job that makes the stream now. A PENDING stream may have none: a job that ends while the
 * video is in the trash cannot update it.
 */
async function findMaking(ctx: Ctx, { stream }: Pick<VideoDoc, 'stream'>): Promise<Making | null> {
  if (stream?.status !== 'PENDING') return null;
  const open = { _id: stream.job, status: { $in: ['QUEUED', 'RUNNING'] } };
  return findOne(ctx, Job, open, { projection: { progress: 1 } });
}
