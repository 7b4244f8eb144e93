import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { JobFailure } from '../../jobs/job-type.ts';
import { type PodAddress, PodFailure } from './call-pod.ts';
import { MEDIA, type PlannedFile } from './output-kinds.ts';
import { openFile } from './protocol.ts';

/** The most bytes of a file whose length its pod does not say. */
const MOST_UNSIZED = 64 * 1024 * 1024;
/** How long a file may take, in ms, whatever its size, and for each MB. */
const BASE = 30_000;
const PER_MB = 500;

/** A file that is being read. */
export interface OpenOutput {
  stream: Readable;
  size: number;
  signal: AbortSignal;
}

/**
 * Opens a file of a pod and hands it to `use`, which has as long as its size allows.
 * @throws PodFailure when the pod breaks off; JobFailure INVALID_OUTPUT
 */
export async function fetchOutput<T>(
  pod: PodAddress,
  file: PlannedFile,
  outer: AbortSignal,
  use: (output: OpenOutput) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  let timer = setTimeout(() => late.abort(), BASE);
  const signal = AbortSignal.any([outer, late.signal]);
  let response: IncomingMessage | undefined;
  try {
    const of = { fileName: file.fileName, subfolder: file.subfolder ?? '' };
    response = await openFile(pod, of, signal);
    const { stream, size } = await measure(response, MEDIA[file.kind].bytes);
    clearTimeout(timer);
    timer = setTimeout(() => late.abort(), BASE + (PER_MB * size) / 1e6);
    return await use({ stream, size, signal });
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

/** The failure of a run one of whose files cannot be used. */
export function invalidOutput(why: string): JobFailure {
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
