import Joi from 'joi';
import { config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { WrappedKey } from './key-wrapping.ts';
import { presign } from './presign.ts';
import { getClient, getHttpStatus, loadSdk } from './s3-client.ts';
import { getObjectUrl, getSigning } from './s3-links.ts';

// Wrapped data keys are objects in a bucket of their own, and nowhere else. A dump of the database holds none
// of them: whoever deletes an object here makes all that it encrypted unreadable, in every dump, too.

/** How long one try may take, in ms, and how many there are. */
const PATIENCE = 1500;
const TRIES = 2;
/** So many times it is looked whether keys are left that were to be destroyed. */
const ROUNDS = 5;

const stored = Joi.object<{ wrapper: string; wrapped: string }>({
  wrapper: Joi.string().required(),
  wrapped: Joi.string().base64().required(),
});

/** Stores a wrapped key under a name that is not taken. @throws AppError UNAVAILABLE, UNREADABLE */
export async function storeKey(name: string, { wrapper, wrapped }: WrappedKey): Promise<void> {
  const body = JSON.stringify({ wrapper, wrapped: Buffer.from(wrapped).toString('base64') });
  // A try that was thought to have failed may have stored it: the same bytes, so it may be written again.
  await ask('PUT', name, body);
}

/** Loads a wrapped key; null when there is none. @throws AppError UNAVAILABLE, UNREADABLE */
export async function loadKey(name: string): Promise<WrappedKey | null> {
  const text = await ask('GET', name);
  if (text === null) return null;
  const { value, error } = stored.validate(parseJson(text));
  if (error) throw refused(name, error);
  return { wrapper: value.wrapper, wrapped: Buffer.from(value.wrapped, 'base64') };
}

/**
 * Deletes all keys whose names begin so, with every version of them that S3 may have kept, and looks whether
 * any is left. Returns how many there were.
 * @throws Error when one is still there
 */
export async function destroyKeys(prefix: string): Promise<number> {
  if (!/^\w+\/.*[\w/]$/.test(prefix))
    throw new Error(`${prefix} would be the keys of others, too.`);
  const destroyed = new Set<string>();
  for (let round = 1; ; round++) {
    const names = await listKeys(prefix);
    const left = [...names.map((Key): Version => ({ Key })), ...(await listVersions(prefix))];
    if (left.length === 0) return destroyed.size;
    // Somebody who had begun to make a key before may have stored it in between.
    if (round > ROUNDS) throw new Error(`${left.length} keys under ${prefix} cannot be deleted.`);
    await deleteObjects(left);
    for (const name of names) destroyed.add(name);
  }
}

/** How far the clock of S3 is ahead of this host's, in ms, once S3 has refused a time of ours. */
let ahead = 0;

/** A request without the SDK, which takes longer to load than this takes. Null for what is not there. */
async function ask(method: 'GET' | 'PUT', name: string, body?: string): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    // By the time of its answer another request may have learned what this one was not signed with.
    const signedAhead = ahead;
    try {
      const signing = { ...getSigning(60), now: Date.now() + signedAhead };
      const url = presign({ method, ...getObjectUrl(name, config.keyBucket), ...signing });
      const answer = await fetch(url, {
        method,
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(PATIENCE),
      });
      const text = await answer.text();
      if (answer.ok) return text;
      if (answer.status === 404 && method === 'GET') return null;
      const cause = new Error(`S3 answered ${answer.status} to ${method} of a key.`);
      if (answer.status === 403 && tries < TRIES && learnTime(answer, signedAhead)) continue;
      if (answer.status < 500 && answer.status !== 429) throw refused(name, cause);
      throw cause;
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      if (tries === TRIES) throw unavailable(cause);
    }
  }
}

/** Sets `ahead` by the time of an answer. @returns whether what was asked was signed with another time */
function learnTime(answer: Response, signedAhead: number): boolean {
  const theirs = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isFinite(theirs)) ahead = theirs - Date.now();
  return Math.abs(ahead - signedAhead) > 30_000;
}

interface Version {
  Key: string;
  VersionId?: string;
}

async function listKeys(prefix: string): Promise<string[]> {
  const { ListObjectsV2Command } = await loadSdk();
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = await (await getClient()).send(
      new ListObjectsV2Command({
        ...{ Bucket: config.keyBucket, Prefix: prefix },
        ...(token && { ContinuationToken: token }),
      }),
    );
    found.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
    token = page.NextContinuationToken;
  } while (token);
  return found;
}

/** What a bucket keeps of objects that were deleted: of ours nothing, unless somebody has changed its settings. */
async function listVersions(prefix: string): Promise<Version[]> {
  const { GetBucketVersioningCommand, ListObjectVersionsCommand } = await loadSdk();
  const client = await getClient();
  const Bucket = config.keyBucket;
  if (!(await client.send(new GetBucketVersioningCommand({ Bucket })).catch(noVersions))?.Status)
    return [];
  const found: Version[] = [];
  let at: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (;;) {
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: prefix, ...at }),
    );
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      if (Key) found.push({ Key, ...(VersionId && { VersionId }) });
    }
    if (!page.IsTruncated) return found;
    at = {
      ...(page.NextKeyMarker && { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker && { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

/** A server that knows no versions keeps none. */
function noVersions(error: unknown): undefined {
  const status = getHttpStatus(error);
  if (status === 501 || status === 404 || status === 405) return undefined;
  throw error;
}

async function deleteObjects(objects: Version[]): Promise<void> {
  const { DeleteObjectCommand } = await loadSdk();
  const client = await getClient();
  for (const object of objects) {
    const command = new DeleteObjectCommand({ Bucket: config.keyBucket, ...object });
    await client.send(command).catch((error: unknown) => {
      // Another has deleted it at the same time: AWS says nothing then, other servers do.
      if (getHttpStatus(error) !== 404) throw error;
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // joi says what is wrong with it
  }
}

function refused(name: string, cause: unknown): AppError {
  const why = new Error(`The key ${name} cannot be read.`, { cause });
  return new AppError('UNREADABLE', 'The key of what is encrypted cannot be used.', { cause: why });
}

function unavailable(cause: unknown): AppError {
  const message = 'The keys of what is encrypted cannot be reached just now.';
  return new AppError('UNAVAILABLE', message, { cause, retryAfter: 2 });
}
