import { stat, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { config } from '../../../config.ts';
import { deleteKeys, download, head } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { completePart, isAwaited, type Split, supersedeWhole } from '../../jobs/job-parts.ts';
import { openWorkDir } from '../../jobs/scratch-dir.ts';
import { JobFailure, type JobType, type Work } from '../../jobs/worker.ts';
import { type Medium, workPrefix } from '../keys.ts';
import { MediaError } from '../media-error.ts';
import { fetchOriginal } from '../original.ts';
import type { OpenVideo } from '../video/open.ts';
import type { Piece, Pieces } from '../video/segments.ts';
import type { Heard } from '../video/sound.ts';

/** What an `encode-segment` job is told: a piece of the pictures, or, without one, the sound of the whole. */
interface Input {
  filePath: string;
  etag: string;
  /** Of the whole: a job that goes on elsewhere no longer waits for this one. */
  target: string;
  folder: string;
  /** In the sizes of the stream, or in that of the preview. */
  stream: boolean;
  piece?: Pick<Piece, 'segment' | 'number'>;
}

/** What such a job made: keys by the names that the files have where they are joined. */
export interface PieceMade {
  keys: Record<string, string>;
  /** What was heard, of a sound. */
  facts?: object;
}

/** Where the pieces of a job's claim lie: beside its derivatives, known to no document. */
export function piecesFolder({ claim }: Work, medium: Medium): string {
  return `${workPrefix(medium, claim.job._id)}${claim.token}-pieces/`;
}

/** The jobs that encode them. */
export function pieceParts(of: Omit<Input, 'piece'>, pieces: Pieces): Split['parts'] {
  const type = 'encode-segment';
  const pictures = pieces.segments.map((segment, number) => ({
    type,
    input: { ...of, piece: { segment, number } },
  }));
  return [...(pieces.hasSound ? [{ type, input: { ...of } }] : []), ...pictures];
}

/** Encodes one piece of a video, for the job that joins them. */
export const encodePiece: JobType = {
  async run(work) {
    const { claim, signal } = work;
    const input = claim.job.input as unknown as Input;
    const { filePath, etag, target } = input;
    if (!(await isAwaited(work, target))) {
      await completePart(work, target, { superseded: true });
      return;
    }
    await using dir = await openWorkDir();
    const workDir = dir.path;
    try {
      const path = join(workDir, 'original');
      if (!(await fetchOriginal(filePath, etag, path, signal))) {
        return await supersedeWhole(work, target);
      }
      const { facts, files }: { files: PieceFile[]; facts?: object } = await encoded(
        work,
        input,
        workDir,
      );
      const keys: Record<string, string> = {};
      for (const file of files) {
        // Each claim under a name of its own: a worker that lost the job spoils nothing.
        const key = `${input.folder}${claim.token}-${file.name}`;
        await upload(key, { ...file, size: (await stat(file.path)).size }, signal);
        keys[file.name] = key;
      }
      const made: PieceMade = { keys, ...(facts && { facts }) };
      if (!(await completePart(work, target, made))) await deleteKeys(Object.values(keys));
    } catch (error) {
      if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
      throw error;
    }
  },
};

async function encoded({ signal, progress }: Work, { piece, stream }: Input, workDir: string) {
  const { openVideo } = await import('../video/open.ts');
  const { encodeSegment, encodeSound } = await import('../video/segments.ts');
  const { previewRendition, renditionsOf } = await import('../video/renditions.ts');
  const path = join(workDir, 'original');
  const video = await openVideo({ path, workDir, ffmpeg: config.ffmpegPath, signal });
  const tell = (percent: number) => progress(10 + percent * 0.85, 'encode');
  if (!piece) return encodedSound(() => encodeSound(video, tell), video, workDir);
  const { shape } = video.raster;
  const renditions = stream ? renditionsOf(shape) : [previewRendition(shape)];
  const paths = await encodeSegment(video, { ...piece, renditions }, tell);
  return { files: paths.map((path) => fileAt(path, 'video/mp4')) };
}

/** One broken sound does not take the pictures with it: nothing is made of it, and that is told. */
async function encodedSound(
  encode: () => Promise<{ path: string; heard: Heard | null }>,
  { work }: OpenVideo,
  workDir: string,
): Promise<{ files: PieceFile[]; facts?: object }> {
  const { soundFacts } = await import('../video/facts.ts');
  try {
    const { path, heard } = await encode();
    if (!heard) return { files: [] };
    const waveform = join(workDir, 'waveform.json');
    await writeFile(waveform, heard.waveform);
    const files = [fileAt(path, 'audio/mp4'), fileAt(waveform, 'application/json')];
    return { files, facts: soundFacts(work, heard) };
  } catch (error) {
    if (error instanceof MediaError && error.code === 'CORRUPT_MEDIA') return { files: [] };
    throw error;
  }
}

interface PieceFile {
  name: string;
  path: string;
  contentType: string;
}

function fileAt(path: string, contentType: string): PieceFile {
  return { name: basename(path), path, contentType };
}

/** What was heard of a video whose pieces these are; null where there is no sound. */
export function heardIn(made: PieceMade[]): object | null {
  return made.find(({ facts }) => facts)?.facts ?? null;
}

/**
 * Brings pieces to where they are joined: those whose names `isWanted`.
 * @throws JobFailure TOO_LARGE when the disk cannot hold them and what is made of them
 */
export async function fetchPieces(
  made: PieceMade[],
  workDir: string,
  signal: AbortSignal,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  const wanted = made
    .flatMap(({ keys }) => Object.entries(keys))
    .filter(([name]) => isWanted(name));
  const found = await Promise.all(
    wanted.map(async ([name, key]) => {
      const there = await head(key);
      if (!there) throw new Error(`The piece ${key} is gone.`);
      return { ...there, name, key };
    }),
  );
  const bytes = found.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(workDir);
  if (2 * bytes > bavail * bsize) {
    throw new JobFailure('TOO_LARGE', 'This video is too long to be put together of its pieces.');
  }
  for (const { name, key, etag } of found) {
    if (!(await download(key, etag, join(workDir, name), signal, () => {}))) {
      throw new Error(`The piece ${key} is gone.`);
    }
  }
}
