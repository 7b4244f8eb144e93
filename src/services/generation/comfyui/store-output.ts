import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type Base, entityNamed } from '../../../data/entity.ts';
import { findOne } from '../../../data/read.ts';
import { confirmReferences } from '../../../data/references.ts';
import { insert } from '../../../data/write.ts';
import { ComfyUIWorkflowConfig } from '../../../models/generation/comfyui/workflow-config.ts';
import { headObject } from '../../../providers/s3.ts';
import { uploadStream } from '../../../providers/upload-stream.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import { buildOriginalKey } from '../../media/keys.ts';
import type { Medium } from '../../media/medium.ts';
import { failWithoutAllowance } from '../../metering/allowances/in-jobs.ts';
import { withAllowance } from '../../metering/allowances/with-allowance.ts';
import { describeLineage } from '../lineage.ts';
import { PodFailure } from './call-pod.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { cleanFileName, guessType, MEDIA, type PlannedFile } from './output-kinds.ts';
import type { PodDoc } from './pods.ts';
import { openFile } from './protocol.ts';

/** The most bytes of a file whose length its pod does not say. */
const MOST_UNSIZED = 64 * 1024 * 1024;
/** How long a file may take, in ms, whatever its size, and for each MB. */
const BASE = 30_000;
const PER_MB = 500;

/**
 * Streams a file of a pod to where an upload of its medium would have put it: S3 tells of it, and it is processed as
 * an upload is. A file that was begun before is fetched anew, into the same place.
 * @throws PodFailure when the pod breaks off; JobFailure INVALID_OUTPUT, ALLOWANCE_EXCEEDED
 */
export async function storeOutput(
  work: ExecutionWork,
  run: OpenRun,
  pod: PodDoc,
  file: PlannedFile,
  position: number,
): Promise<void> {
  const { ctx } = work;
  const entity = entityNamed(MEDIA[file.kind].entity);
  const { user } = run.document;
  const key = buildOriginalKey(entity, user, file.medium);
  const known = await findOne<Base>(ctx, entity, { _id: file.medium });
  // Stored by a run that came no further.
  if (known && (await headObject(key))) return;
  const subfolder = file.subfolder ?? '';
  const late = new AbortController();
  let timer = setTimeout(() => late.abort(), BASE);
  const signal = AbortSignal.any([work.signal, late.signal]);
  let response: IncomingMessage | undefined;
  try {
    response = await openFile(pod, { fileName: file.fileName, subfolder }, signal);
    const { stream, size } = await measure(response, MEDIA[file.kind].bytes);
    clearTimeout(timer);
    timer = setTimeout(() => late.abort(), BASE + (PER_MB * size) / 1e6);
    const medium = (known as Medium | null) ?? (await makeMedium(work, run, file, position, size));
    if (medium.size !== size) throw invalidOutput('its size has changed');
    const stored = await uploadStream(key, stream, medium.contentType, signal);
    if (stored.size !== size) throw invalidOutput('it is not as long as it was said to be');
  } catch (error) {
    // What broke off at the pod's end is asked for again; S3's failures are another matter.
    if (!response || error instanceof JobFailure) throw error;
    if (!response.errored && !late.signal.aborted) throw error;
    throw new PodFailure('A file of the pod broke off.', true, undefined, error);
  } finally {
    clearTimeout(timer);
    response?.destroy();
  }
}

function invalidOutput(why: string): JobFailure {
  return new JobFailure('INVALID_OUTPUT', `A file of the pod cannot be used: ${why}.`);
}

/** The size of a file, before it is read; of one whose pod does not say, after that. */
async function measure(
  response: IncomingMessage,
  most: number,
): Promise<{ stream: Readable; size: number }> {
  const said = response.headers['content-length'];
  if (said !== undefined) {
    const size = Number(said);
    if (size === 0) throw invalidOutput('it is empty');
    if (size > most) throw invalidOutput(`it is larger than ${most} bytes`);
    return { stream: response, size };
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > Math.min(most, MOST_UNSIZED)) throw invalidOutput('its pod does not say its size');
    parts.push(part);
  }
  if (size === 0) throw invalidOutput('it is empty');
  return { stream: Readable.from([Buffer.concat(parts)]), size };
}

async function makeMedium(
  { ctx, job }: ExecutionWork,
  run: OpenRun,
  file: PlannedFile,
  position: number,
  size: number,
): Promise<Medium> {
  const { kind, medium: _id } = file;
  const entity = entityNamed(MEDIA[kind].entity);
  const { document } = run;
  const { user, project, workflow, inputs } = document;
  const only = { projection: { name: 1 } };
  const named = await findOne(ctx, ComfyUIWorkflowConfig, { _id: workflow }, only);
  const values = {
    ...{ _id, user, size, name: nameOutput(named?.name ?? 'Output', position) },
    ...(project && { project }),
    fileName: cleanFileName(file.fileName),
    contentType: guessType(kind, file.fileName),
    filePath: buildOriginalKey(entity, user, _id),
    generatedBy: job._id,
    ...(inputs?.length && { madeFrom: inputs }),
    lineage: await describeLineage(ctx, document, file.node),
  };
  const taken = entity.options.usage?.of(values);
  return failWithoutAllowance(
    withAllowance(ctx, user, taken, async () => {
      let made: Base | undefined;
      // Together with a change of the run: a worker that has lost it makes no media any more.
      await run.save({}, null, [], async (tx) => {
        made = await insert(tx, entity, values, 'generate');
      });
      await confirmReferences(ctx, entity, made as Base);
      return made as Medium;
    }),
  );
}

function nameOutput(name: string, position: number): string {
  return `${name.slice(0, 110)} ${position + 1}`;
}
