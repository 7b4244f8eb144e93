import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { config } from '../../config.ts';
import { entityNamed, type Stored } from '../../data/entity.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { upload } from '../../providers/upload.ts';
import { complete } from '../jobs/queue.ts';
import { openWorkDir } from '../jobs/scratch-dir.ts';
import { JobFailure, type JobType, NotYet, type Work } from '../jobs/worker.ts';
import { HungDecoder } from './decode-timeout.ts';
import { present, showing } from './derivatives.ts';
import { type Medium, workPrefix } from './keys.ts';
import { MediaError } from './media-error.ts';
import { fetchOriginal } from './original.ts';
import type { MediaProcessor } from './processor.ts';
import { current, type ProcessInput, publish } from './publish.ts';
import { isVersion } from './reprocess.ts';
import { isLeft, type Known, leaveInPieces } from './segments/preview-pieces.ts';
import { isSettled } from './versions.ts';

/**
 * The job that looks at a medium's bytes: facts into its document, derivatives beside them in S3, then READY.
 * @param load decoders are large: each is read when first used
 */
export function processMedium(load: () => Promise<MediaProcessor>): JobType {
  return { run: async (work) => run(work, await load()) };
}

async function run(work: Work, process: MediaProcessor): Promise<void> {
  const { ctx, claim, signal } = work;
  const input = claim.job.input as ProcessInput;
  const entity = entityNamed(input.entity);
  const medium = await current(work, entity, input);
  if (!medium) {
    await complete(ctx, claim, { superseded: true });
    return;
  }
  if (isVersion(entity) && !(await isSettled(ctx, medium as unknown as Stored))) {
    throw new NotYet('What it is to replace is being processed.');
  }
  // Each claim writes under a prefix of its own: a worker that lost the job spoils nothing.
  const target = `${workPrefix(medium, claim.job._id)}${claim.token}`;
  const shown = showing({ ctx, entity, medium, claim, target });
  await using dir = await openWorkDir();
  const workDir = dir.path;
  try {
    const checksum = await fetchChecked(work, medium, input.etag, join(workDir, 'original'));
    if (checksum === undefined) {
      await complete(ctx, claim, { superseded: true });
      return;
    }
    const processed = await process({
      path: join(workDir, 'original'),
      workDir,
      ffmpeg: config.ffmpegPath,
      secondsPerJob: config.videoSecondsPerJob,
      signal,
      onProgress: (percent, stage) => work.progress(5 + percent * 0.95, stage),
      onProbed: async (probed) => {
        await shown.begin(probed);
        await deleteEarlier(medium, claim);
      },
      onDerivative: async (file) => {
        await upload(`${target}/${file.name}`, file, signal);
        await rm(file.path, { force: true });
        await shown.add(file);
      },
    });
    signal.throwIfAborted();
    if (processed.inPieces) {
      const known = present({ processed, derivatives: shown.soFar(), checksum });
      await leaveInPieces(work, medium, target, known as unknown as Known);
      return;
    }
    const result = { processed, shown, checksum, target };
    await publish(work, entity, medium, input, result);
    await deleteEarlier(medium, claim);
  } catch (error) {
    if (await isLeft(work, target)) return;
    if (await shown.withdraw()) await deleteUnder(`${target}/`);
    if (error instanceof MediaError) throw failureOf(error);
    throw error;
  }
}

function failureOf(error: MediaError): JobFailure {
  const { code, message } = error;
  return new JobFailure(code, message, { endsWorker: error instanceof HungDecoder });
}

/** Deletes what was made under earlier claims of the same job. */
async function deleteEarlier(medium: Medium, { job, token }: Work['claim']): Promise<void> {
  const prefix = workPrefix(medium, job._id);
  const isEarlier = (key: string) => Number.parseInt(key.slice(prefix.length), 10) < token;
  await deleteUnder(prefix, (key) => !isEarlier(key));
}

/** A worker's disk holds the original and what is made of it: 10 GB on Lambda. */
const MOST_BYTES = 8_000_000_000;

/**
 * Brings the bytes here and checks them against what was declared. Returns their SHA-256, base64; undefined
 * when there are others by now.
 */
async function fetchChecked(
  { signal, progress }: Work,
  medium: Medium,
  etag: string,
  path: string,
): Promise<string | undefined> {
  if (medium.size > MOST_BYTES) {
    const message = `Files over ${MOST_BYTES / 1e9} GB are kept, but cannot be processed yet.`;
    throw new JobFailure('TOO_LARGE', message);
  }
  const hash = createHash('sha256');
  let size = 0;
  const isThere = await fetchOriginal(medium.filePath, etag, path, signal, (chunk) => {
    hash.update(chunk);
    size += chunk.length;
    progress((5 * size) / medium.size, 'download');
  });
  if (!isThere) return undefined;
  if (size !== medium.size) {
    const message = `${medium.size} bytes were declared, ${size} arrived.`;
    throw new JobFailure('SIZE_MISMATCH', message);
  }
  const checksum = hash.digest('base64');
  if (medium.checksum && medium.checksum !== checksum) {
    throw new JobFailure('CHECKSUM_MISMATCH', 'The bytes are not those of the checksum.');
  }
  return checksum;
}
