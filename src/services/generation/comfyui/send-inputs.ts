import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ctx } from '../../../context.ts';
import {
  takesMedium,
  type WorkflowParameter,
} from '../../../models/generation/comfyui/workflow-parameter.ts';
import { openObject } from '../../../providers/s3.ts';
import { JobFailure } from '../../jobs/job-type.ts';
import { callPod, type PodAddress, PodFailure } from './call-pod.ts';
import type { ExecutionDoc } from './open-run.ts';
import { findInput, readValue, type Values } from './parameters.ts';
import { readObject, readUploadLimit } from './protocol.ts';

/** How long the upload of one input may take in any case, and for each of its bytes, in ms: 1 MB/s at least. */
const FIRST_WAIT = 45_000;
const WAIT_PER_BYTE = 1 / 1_000;
/** The longest that it may take, in ms: a function ends after 15 minutes. */
const LONGEST_WAIT = 600_000;

/**
 * Sends the media among the values to a pod, into a folder that only this run knows.
 * @returns for each such parameter the name that the pod gave its file
 * @throws PodFailure; JobFailure MISSING_INPUT
 */
export async function sendInputs(
  ctx: Ctx,
  pod: PodAddress,
  { user }: Pick<ExecutionDoc, 'user'>,
  parameters: WorkflowParameter[],
  values: Values,
  folder: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const named: Record<string, string> = {};
  let limit: number | undefined;
  for (const parameter of parameters) {
    const { name, type } = parameter;
    const id = readValue(values, name);
    if (!takesMedium(type) || typeof id !== 'string') continue;
    const found = await findInput(ctx, parameter, id, user);
    if (typeof found === 'string') {
      throw new JobFailure('MISSING_INPUT', `The medium of ${name} is no longer there.`);
    }
    const { medium } = found;
    // A server that refuses a body closes the connection, maybe before its answer is read: so it is asked before.
    limit ??= await readUploadLimit(pod, signal);
    if (medium.size > limit) {
      const failure = new PodFailure(`The pod takes at most ${limit} bytes.`, false, 413);
      throw nameInput(failure, name);
    }
    const etag = medium.object?.etag ?? '';
    const stream = await openObject(medium.filePath, etag, signal);
    if (!stream) throw new JobFailure('MISSING_INPUT', `The file of ${name} is no longer there.`);
    // Its bytes are in its name: what a run is given twice takes one place.
    const fileName = `${id}-${etag.slice(0, 12)}${extensionOf(medium.contentType)}`;
    const { size, contentType } = medium;
    const file = { stream, size, folder, fileName, contentType };
    named[name] = await upload(pod, file, signal).catch((error) => {
      throw nameInput(error, name);
    });
  }
  return named;
}

/** Says of which parameter it was the file that a pod did not take. */
function nameInput(error: unknown, name: string): unknown {
  if (!(error instanceof PodFailure)) return error;
  const { message, mayHaveHeard, status } = error;
  return new PodFailure(
    `${message} It was to get the file of ${name}.`,
    mayHaveHeard,
    status,
    error,
  );
}

/** How long the upload of so many bytes may take, in ms. */
export function waitForUpload(bytes: number): number {
  return Math.min(FIRST_WAIT + Math.ceil(bytes * WAIT_PER_BYTE), LONGEST_WAIT);
}

interface InputFile {
  stream: Readable;
  size: number;
  folder: string;
  fileName: string;
  contentType: string;
}

async function upload(
  pod: PodAddress,
  { stream, size, folder, fileName, contentType }: InputFile,
  signal: AbortSignal,
): Promise<string> {
  const boundary = `mixdown-${fileName.replace(/[^\w-]/g, '')}`;
  const field = (name: string, value: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head = Buffer.from(
    `${field('type', 'input')}${field('subfolder', folder)}--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="${fileName}"\r\ncontent-type: ${contentType}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const body = new PassThrough();
  const parts = async function* () {
    yield head;
    yield* stream as AsyncIterable<Buffer>;
    yield tail;
  };
  // What breaks here breaks the call, which tells of it.
  const sending = pipeline(Readable.from(parts()), body).catch(() => undefined);
  const call = callPod(pod, {
    method: 'POST',
    path: '/upload/image',
    body: {
      stream: body,
      length: head.length + size + tail.length,
      contentType: `multipart/form-data; boundary=${boundary}`,
    },
    signal,
    deadline: waitForUpload(size),
  });
  try {
    // Whoever refuses a file may close the connection before all of it was sent: what it answered counts.
    const { body: answer } = await call;
    const { name, subfolder } = readObject(answer);
    if (typeof name !== 'string' || !name)
      throw new PodFailure('The pod named no file.', true, 200);
    return typeof subfolder === 'string' && subfolder ? `${subfolder}/${name}` : name;
  } finally {
    stream.destroy();
    body.destroy();
    await sending;
  }
}

const EXTENSIONS: Record<string, string> = {
  ...{ 'image/jpeg': '.jpg', 'image/png': '.png', 'image/webp': '.webp', 'image/gif': '.gif' },
  ...{ 'audio/mpeg': '.mp3', 'audio/wav': '.wav', 'audio/flac': '.flac', 'audio/ogg': '.ogg' },
  ...{ 'audio/mp4': '.m4a', 'video/mp4': '.mp4', 'video/webm': '.webm', 'video/quicktime': '.mov' },
};

function extensionOf(contentType: string): string {
  return EXTENSIONS[contentType.split(';')[0] ?? ''] ?? '';
}
