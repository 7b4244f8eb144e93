import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import { idText } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { transaction } from '../../../data/transaction.ts';
import { update } from '../../../data/write.ts';
import { Video } from '../../../models/media/video.ts';
import { deleteUnder } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { resultsOf, split, supersede } from '../../jobs/job-parts.ts';
import { complete } from '../../jobs/queue.ts';
import { openWorkDir } from '../../jobs/scratch-dir.ts';
import { JobFailure, type JobType, type Work } from '../../jobs/worker.ts';
import type { Medium } from '../keys.ts';
import { MediaError } from '../media-error.ts';
import { fetchOriginal } from '../original.ts';
import {
  fetchPieces,
  heardIn,
  type PieceMade,
  pieceParts,
  piecesFolder,
} from '../segments/pieces.ts';
import { isLeft } from '../segments/preview-pieces.ts';
import type { Stream, StreamFile } from '../video/hls.ts';
import type { Pieces } from '../video/segments.ts';
import type { StreamInput, VideoDoc } from './request.ts';

/** Makes the adaptive stream of a video, below the derivatives of the bytes that it is made of. */
export const streamVideo: JobType = {
  async run(work) {
    const { ctx, claim } = work;
    const { job, token } = claim;
    const video = await wanted(ctx, work);
    if (!video) {
      await supersede(work);
      return;
    }
    const folder = streamsFolder(job.input as StreamInput);
    // Each claim writes under a prefix of its own: a worker that lost the job spoils nothing.
    const target = job.parts?.target ?? `${folder}${idText(job._id)}-${token}`;
    await using dir = await openWorkDir();
    const workDir = dir.path;
    try {
      const stream = job.parts
        ? await joined(work, workDir, target)
        : await encoded(work, video, workDir, target);
      if (stream) await publish(work, stream, target);
    } catch (error) {
      await clear(work, target);
      if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
      throw error;
    }
  },
};

function streamsFolder({ derivativesPath }: StreamInput): string {
  return `${derivativesPath}/hls/`;
}

/** The video, as long as it waits for this job's stream, and shows the derivatives that it belongs to. */
async function wanted(ctx: Ctx, { claim }: Work): Promise<VideoDoc | null> {
  return findOne(ctx, Video, waiting(claim), { projection: { outbox: 0 } });
}

function waiting({ job }: Work['claim']) {
  const { document, derivativesPath, etag } = job.input as StreamInput;
  return { _id: document, derivativesPath, 'object.etag': etag, 'stream.job': job._id };
}

/** Null where it is left to others, or there is nothing to make it of any longer. */
async function encoded(
  work: Work,
  video: VideoDoc,
  workDir: string,
  target: string,
): Promise<Stream | null> {
  const { ctx, claim, signal, progress } = work;
  const { etag, filePath } = claim.job.input as StreamInput;
  const path = join(workDir, 'original');
  if (!(await fetchOriginal(filePath, etag, path, signal))) {
    await complete(ctx, claim, { superseded: true });
    return null;
  }
  progress(5, 'encode');
  const { openVideo } = await import('../video/open.ts');
  const { renditionsOf } = await import('../video/renditions.ts');
  const { piecesOf } = await import('../video/segments.ts');
  const { makeLadder } = await import('../video/ladder.ts');
  const found = await openVideo({ path, workDir, ffmpeg: config.ffmpegPath, signal });
  // What could not be heard for the preview is not tried again.
  const opened = { ...found, hasSound: found.hasSound && Boolean(video.audio) };
  const renditions = renditionsOf(opened.raster.shape);
  const pieces = piecesOf(opened, renditions, config.videoSecondsPerJob);
  if (pieces.segments.length > 1) {
    const folder = piecesFolder(work, video as unknown as Medium);
    const of = { filePath, etag, target, folder, stream: true };
    await split(work, { target, folder, state: pieces, parts: pieceParts(of, pieces) });
    return null;
  }
  const stream = await makeLadder(opened, (percent) => progress(5 + percent * 0.85, 'encode'));
  await rm(path);
  return stream;
}

/** Null while one of its pieces has not ended. */
async function joined(work: Work, workDir: string, target: string): Promise<Stream | null> {
  const { claim, signal, progress } = work;
  const made = await resultsOf<PieceMade>(work);
  if (!made) return null;
  const pieces = claim.job.parts?.state as Pieces;
  const hasSound = heardIn(made) !== null;
  progress(96, 'join');
  const { joinLadder } = await import('../video/segments.ts');
  if (hasSound) await fetchPieces(made, workDir, signal, (name) => name === 'sound.m4a');
  const input = { workDir, ffmpeg: config.ffmpegPath, signal, ...pieces, hasSound };
  const stream = await joinLadder(input, pieces.renditions, {
    bring: (rendition) =>
      fetchPieces(made, workDir, signal, (name) => name.startsWith(`${rendition}-`)),
    take: (file) => sent(file, target, signal),
  });
  return { ...stream, files: [] };
}

async function sent(file: StreamFile, target: string, signal: AbortSignal): Promise<void> {
  await upload(`${target}/${file.name}`, file, signal);
  await rm(file.path);
}

/** The stream is shown and its job has ended, if the video still waits for it. */
async function publish(work: Work, stream: Stream, target: string): Promise<void> {
  const { ctx, claim, signal, progress } = work;
  for (const file of stream.files) await sent(file, target, signal);
  progress(99, 'publish');
  signal.throwIfAborted();
  const renditions = stream.renditions.map(({ name, width, height, bandwidth, codecs }) => ({
    ...{ name, width, height, bandwidth, codecs },
  }));
  const { job } = claim;
  const set = { stream: { status: 'READY', job: job._id, renditions }, streamPath: target };
  const isShown = await transaction(ctx, async (tx) => {
    const document = await update(tx, Video, waiting(claim), { set }, 'stream');
    const superseded = !document;
    const done = await complete(tx, claim, { document: waiting(claim)._id, superseded });
    if (!done) throw new Error('The job was taken by another worker.');
    return !superseded;
  });
  if (!isShown) await deleteUnder(`${target}/`);
  if (job.parts) await deleteUnder(job.parts.folder);
  if (isShown) await deleteEarlier(work, target);
}

/** Ids of jobs and tokens of claims grow: what sorts before was made before. Never what is later. */
async function deleteEarlier({ claim }: Work, target: string): Promise<void> {
  const folder = streamsFolder(claim.job.input as StreamInput);
  const mine = orderOf(target.slice(folder.length));
  await deleteUnder(folder, (key) => orderOf(key.slice(folder.length)) >= mine);
}

function orderOf(name: string): string {
  const [, job = '', token = ''] = /^(.{36})-(\d+)/.exec(name) ?? [];
  return `${job} ${token.padStart(12, '0')}`;
}

/** What this claim has put there, if neither the video shows it nor others go on with it. */
async function clear(work: Work, target: string): Promise<void> {
  const shown = { _id: waiting(work.claim)._id, streamPath: target };
  const projection = { _id: 1 };
  if (await findOne(work.ctx, Video, shown, { projection })) return;
  if (!work.claim.job.parts && !(await isLeft(work, target))) await deleteUnder(`${target}/`);
}
