import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { config } from '../../../config.ts';
import { deleteKeys } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { JobFailure, Superseded, type Work } from '../../jobs/job-type.ts';
import { openScratchDir } from '../../jobs/scratch-dir.ts';
import { MediaError } from '../media-error.ts';
import { fetchOriginal } from '../original.ts';
import { buildSoundFacts } from '../video/facts.ts';
import { type OpenVideo, openVideo } from '../video/open.ts';
import { SILENT_WARNING, SIZE_WARNING } from '../video/process.ts';
import { buildPreviewRendition, chooseRenditions } from '../video/renditions.ts';
import { encodeSegment, encodeSound } from '../video/segment-encode.ts';
import type { SegmentInput, SegmentResult } from './encode-job.ts';

/**
 * Runs a child job: encodes one segment, or the sound, and uploads the files for the parent job.
 */
export async function runEncodeSegment(
  work: Work<SegmentInput, SegmentResult>,
): Promise<SegmentResult> {
  const { input, token, signal } = work;
  await using dir = await openScratchDir();
  try {
    await fetchOriginal(input, join(dir.path, 'original'), signal);
    const { files, ...found } = await encodeFiles(work, dir.path);
    const keys: Record<string, string> = {};
    for (const file of files) {
      // The fencing token in the key keeps a worker that lost its lease from overwriting another's
      // file.
      const key = `${input.folder}${token}-${file.name}`;
      await upload(key, { ...file, size: (await stat(file.path)).size }, signal);
      keys[file.name] = key;
    }
    return await completeOrDelete(work, { keys, ...found });
  } catch (error) {
    if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
    throw error;
  }
}

async function completeOrDelete(
  work: Work<SegmentInput, SegmentResult>,
  result: SegmentResult,
): Promise<SegmentResult> {
  try {
    return await work.complete(async () => result);
  } catch (error) {
    if (error instanceof Superseded) await deleteKeys(Object.values(result.keys));
    throw error;
  }
}

interface EncodedFile {
  name: string;
  path: string;
  contentType: string;
}

interface Encoded extends Omit<SegmentResult, 'keys'> {
  files: EncodedFile[];
}

/** Of a video whose sound is broken. */
const SILENT: Encoded = { files: [], warnings: [SILENT_WARNING] };

async function encodeFiles(
  { input, signal, progress }: Work<SegmentInput>,
  workDir: string,
): Promise<Encoded> {
  const { segment, shape } = input;
  const path = join(workDir, 'original');
  const video = await openVideo({ path, workDir, ffmpeg: config.ffmpegPath, signal, shape });
  const showProgress = (percent: number) => progress(10 + percent * 0.85, 'encode');
  if (!segment) return encodeSoundFiles(video, workDir, showProgress);
  const renditions =
    input.for === 'STREAM' ? chooseRenditions(shape) : [buildPreviewRendition(shape)];
  const task = { segment, number: segment.number, renditions };
  const { paths, changesSize } = await encodeSegment(video, task, showProgress);
  return {
    files: paths.map((file) => describeFile(file, 'video/mp4')),
    ...(changesSize && { warnings: [SIZE_WARNING] }),
  };
}

/** Encodes the sound. Broken sound does not fail the video: no file is made, and a warning says so. */
async function encodeSoundFiles(
  video: OpenVideo,
  workDir: string,
  showProgress: (percent: number) => void,
): Promise<Encoded> {
  try {
    const { path, heard } = await encodeSound(video, showProgress);
    if (!heard) return SILENT;
    const waveform = join(workDir, 'waveform.json');
    await writeFile(waveform, heard.waveform);
    const files = [describeFile(path, 'audio/mp4'), describeFile(waveform, 'application/json')];
    return { files, facts: buildSoundFacts(video.work, heard) };
  } catch (error) {
    if (error instanceof MediaError && error.code === 'CORRUPT_MEDIA') return SILENT;
    throw error;
  }
}

function describeFile(path: string, contentType: string): EncodedFile {
  return { name: basename(path), path, contentType };
}
