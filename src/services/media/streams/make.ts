import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { config } from '../../../config.ts';
import { idText } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { Video } from '../../../models/media/video.ts';
import { deleteUnder } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { type FannedOut, JobFailure, Superseded, type Work } from '../../jobs/job-type.ts';
import { openScratchDir } from '../../jobs/scratch-dir.ts';
import { MediaError } from '../media-error.ts';
import { fetchOriginal } from '../original.ts';
import { fanOutSegments, type SegmentResult, type SegmentsState } from '../segments/encode-job.ts';
import { fetchSegments, findSoundFacts } from '../segments/fetch.ts';
import type { Stream, StreamFile } from '../video/hls-playlists.ts';
import { makeLadder } from '../video/ladder.ts';
import { openVideo } from '../video/open.ts';
import { chooseRenditions } from '../video/renditions.ts';
import { joinLadder } from '../video/segment-join.ts';
import { planSegments } from '../video/segment-plan.ts';
import type { StreamInput, StreamResult } from './stream-job.ts';

type StreamWork = Work<StreamInput, StreamResult, SegmentsState>;

/** Runs a stream job: makes the adaptive stream of a video, stored below its derivatives. */
export async function makeStream(work: StreamWork): Promise<StreamResult | FannedOut> {
  const { ctx, input, job, token, signal, progress } = work;
  const video = await findOne(ctx, Video, buildWaitingFilter(work), WHOLE);
  if (!video) throw new Superseded('The video no longer waits for this stream.');
  // Each claim has a folder of its own, so a worker that lost its lease cannot overwrite anything.
  const target = `${buildStreamsFolder(input)}${idText(job._id)}-${token}`;
  await using dir = await openScratchDir();
  const path = join(dir.path, 'original');
  try {
    await fetchOriginal(input, path, signal);
    progress(5, 'encode');
    const { shape } = input;
    const source = { path, workDir: dir.path, ffmpeg: config.ffmpegPath, signal, shape };
    const found = await openVideo(source);
    // If the sound could not be decoded for the preview, it is not tried again.
    const opened = { ...found, hasSound: found.hasSound && Boolean(video.audio) };
    const plan = planSegments(opened, chooseRenditions(shape), config.videoSecondsPerJob);
    if (plan.segments.length > 1) {
      const state = { target, plan };
      return await work.fanOut(fanOutSegments(work, input, input.etag, 'STREAM', state));
    }
    const stream = await makeLadder(opened, (percent) => progress(5 + percent * 0.85, 'encode'));
    await rm(path);
    for (const file of stream.files) await uploadAndDelete(file, target, signal);
    return await publishStream(work, stream, target);
  } catch (error) {
    await withdraw(work, target);
    if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
    throw error;
  }
}

/** The fan-in of a long video's stream: joins the segments of one rendition after the other. */
export async function joinStream(
  work: StreamWork,
  results: object[],
  { target, folder, plan }: SegmentsState,
): Promise<StreamResult> {
  const { ctx, signal, progress } = work;
  const video = await findOne(ctx, Video, buildWaitingFilter(work), { projection: { _id: 1 } });
  if (!video) throw new Superseded('The video no longer waits for this stream.');
  // The cast is safe: all child jobs are of type `encodeSegment`.
  const made = results as SegmentResult[];
  await using dir = await openScratchDir();
  const workDir = dir.path;
  const hasSound = findSoundFacts(made) !== null;
  progress(96, 'join');
  if (hasSound) await fetchSegments(made, workDir, signal, (name) => name === 'sound.m4a');
  const input = { workDir, ffmpeg: config.ffmpegPath, signal, ...plan, hasSound };
  const stream = await joinLadder(input, plan.renditions, {
    fetchRendition: (rendition) =>
      fetchSegments(made, workDir, signal, (name) => name.startsWith(`${rendition}-`)),
    deliverFile: (file) => uploadAndDelete(file, target, signal),
  });
  const result = await publishStream(work, stream, target);
  await deleteUnder(folder);
  return result;
}

/**
 * Filter: the video, if it still waits for this job and has the bytes and derivatives that the job
 * is for.
 */
function buildWaitingFilter({ input, job }: StreamWork) {
  const { document, derivativesPath, etag } = input;
  return { _id: document, derivativesPath, 'object.etag': etag, 'stream.job': job._id };
}

function buildStreamsFolder({ derivativesPath }: StreamInput): string {
  return `${derivativesPath}/hls/`;
}

async function uploadAndDelete(
  file: StreamFile,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  await upload(`${target}/${file.name}`, file, signal);
  await rm(file.path);
}

/**
 * Publishes a stream, in one transaction with the completion of its job.
 * @throws Superseded; LostClaim
 */
async function publishStream(
  work: StreamWork,
  { renditions }: Pick<Stream, 'renditions'>,
  target: string,
): Promise<StreamResult> {
  const { input, job, signal, progress } = work;
  progress(99, 'publish');
  signal.throwIfAborted();
  const shown = renditions.map(({ name, width, height, bandwidth, codecs }) => ({
    ...{ name, width, height, bandwidth, codecs },
  }));
  const stream = { status: 'READY', job: job._id, renditions: shown };
  const result = await work.complete(async (tx): Promise<StreamResult> => {
    const set = { stream, streamPath: target };
    if (!(await update(tx, Video, buildWaitingFilter(work), { set }, 'stream'))) {
      throw new Superseded('The video no longer waits for this stream.');
    }
    return { document: input.document, superseded: false };
  });
  await deleteEarlier(input, target);
  return result;
}

/**
 * Deletes older streams. Job ids and fencing tokens increase, so older folders sort first; newer
 * ones stay.
 */
async function deleteEarlier(input: StreamInput, target: string): Promise<void> {
  const folder = buildStreamsFolder(input);
  const mine = buildSortKey(target.slice(folder.length));
  await deleteUnder(folder, (key) => buildSortKey(key.slice(folder.length)) >= mine);
}

function buildSortKey(name: string): string {
  const [, job = '', token = ''] = /^(.{36})-(\d+)/.exec(name) ?? [];
  return `${job} ${token.padStart(12, '0')}`;
}

/** Deletes the files of a run that failed. */
async function withdraw({ ctx, input }: StreamWork, target: string): Promise<void> {
  // The run may have failed although its transaction was committed (the answer was lost): keep them
  // then.
  const shown = { _id: input.document, streamPath: target };
  if (await findOne(ctx, Video, shown, { projection: { _id: 1 } })) return;
  await deleteUnder(`${target}/`);
}
