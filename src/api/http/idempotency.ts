import { type KeyObject, randomBytes } from 'node:crypto';
import { canonicalJson } from '../../canonical-json.ts';
import type { Ctx } from '../../context.ts';
import { decryptByAny, encryptAesGcm, NONCE, TAG } from '../../crypto/aes-gcm.ts';
import { type AppKeys, deriveAppKeys } from '../../crypto/app-key.ts';
import { hashText, hashToBytes } from '../../crypto/hash.ts';
import { signHmac } from '../../crypto/hmac.ts';
import { readBytes } from '../../data/bson.ts';
import { databaseTime, hasCome, LONG_AGO } from '../../data/database-time.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError, invalid } from '../../errors.ts';
import { IdempotencyRecord } from '../../models/api/idempotency-record.ts';
import { readNetwork } from '../../services/account/rate-limit.ts';
import { STATUS } from './problems.ts';

const STORED = 24 * 3600 * 1000;
/**
 * Longer than any request may run, in ms: after that the first attempt has crashed, and a retry
 * takes over.
 */
const RUNNING = 35_000;

/** What is stored of an answer. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Runs a POST once per key: the first answer is stored, encrypted, and replayed to whoever asks the
 * same again. What the request creates takes the id that its record reserves, so a retry after a
 * crash creates nothing twice. Only answers are stored: after a refusal, or an error before the first
 * write, the key is free again, for any request; after another error, for the same request.
 * @throws AppError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS
 */
export async function runOnce(
  ctx: Ctx,
  header: string,
  operation: string,
  body: unknown,
  run: (ctx: Ctx) => Promise<Answer>,
): Promise<Answer> {
  if (header.length < 1 || header.length > 255) {
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 255 characters' }]);
  }
  const who = 'id' in ctx.actor ? idText(ctx.actor.id) : nameAnonymous(ctx, body);
  const key = hashText(`${who}\n${header}`);
  const text = `${operation}\n${canonicalJson(body)}`;
  const begun = await begin(ctx, key, text);
  if (!begun) return replay(ctx, key, text);
  const { promisedId, runningUntil } = begun;
  // Of a run that outlives its time, another may have taken the key over: it is not ours to end then.
  const own = { key, runningUntil, answer: { $exists: false } };
  let answer: Answer;
  let wrote = false;
  const noteWrite = () => {
    wrote = true;
  };
  try {
    answer = await run({ ...ctx, promisedId, noteWrite });
  } catch (error) {
    await release(ctx, own, wrote && !isRefusal(error));
    throw error;
  }
  const encrypted = encryptAnswer(answer, text);
  await IdempotencyRecord.collection.updateOne(own, { $set: { answer: encrypted } });
  return answer;
}

/** Names a caller without a token: by IP address, and the account that the body names. */
function nameAnonymous(ctx: Ctx, body: unknown): string {
  const { email, login, refreshToken } = (body ?? {}) as Record<string, unknown>;
  const account = [email, login, refreshToken].find((name) => typeof name === 'string');
  return `anonymous ${readNetwork(ctx.ip)} ${String(account ?? '').toLowerCase()}`;
}

/** Whether an error is an answer to the client, which left nothing written. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof AppError) || STATUS[error.code] >= 500) return false;
  // The reserved id is there: an earlier try of this request has written after all.
  return !error.errors?.some(({ path }) => path === '_id');
}

/**
 * Frees the key of a request that has failed. If nobody knows what it wrote, the reserved id stays,
 * and the same request once more takes it over, at once.
 */
async function release(ctx: Ctx, own: TypedFilter, mayHaveWritten: boolean): Promise<void> {
  const { collection } = IdempotencyRecord;
  try {
    if (mayHaveWritten) await collection.updateOne(own, { $set: { runningUntil: LONG_AGO } });
    else await collection.deleteOne(own);
  } catch (cause) {
    // The client gets the first error.
    ctx.log.warn('An idempotency key could not be released.', { error: cause as Error });
  }
}

/** A run of a request: until when the key is its own tells it from one that takes over. */
interface Run {
  promisedId: UUID;
  runningUntil: Date;
}

/** Returns the run when this request is to run; undefined when another has run or is running. */
async function begin(ctx: Ctx, key: string, text: string): Promise<Run | undefined> {
  const id = newId(ctx.clock());
  const fingerprint = signFingerprint(fingerprintKeys.current(), text);
  const made = { _id: id, promisedId: newId(ctx.clock()), fingerprint, version: 1 };
  const now = databaseTime(ctx);
  const runningUntil = databaseTime(ctx, RUNNING);
  const times = {
    ...{ runningUntil, expiresAt: databaseTime(ctx, STORED) },
    ...{ createdAt: now, updatedAt: now },
  };
  const isNew = { $eq: [{ $type: '$promisedId' }, 'missing'] };
  const record = { $mergeObjects: ['$$ROOT', { $literal: made }, times] };
  const taken = await IdempotencyRecord.collection.findOneAndUpdate(
    { key },
    [{ $replaceWith: { $cond: [isNew, record, '$$ROOT'] } }],
    { upsert: true, returnDocument: 'after' },
  );
  if (taken && idText(taken._id) === idText(id)) return taken as unknown as Run;
  // The first attempt crashed before it could answer: take it over, with the id that it reserved.
  const same = { key, fingerprint: { $in: listFingerprints(text) } };
  const over = await IdempotencyRecord.collection.findOneAndUpdate(
    { ...same, answer: { $exists: false }, ...hasCome(ctx, 'runningUntil') },
    [{ $set: { runningUntil } }],
    { returnDocument: 'after' },
  );
  return (over as unknown as Run) ?? undefined;
}

async function replay(ctx: Ctx, key: string, text: string): Promise<Answer> {
  const record = await findOne(ctx, IdempotencyRecord, { key });
  if (record && !listFingerprints(text).includes(record.fingerprint)) {
    const message = 'This Idempotency-Key was used with another request.';
    throw new AppError('IDEMPOTENCY_KEY_REUSED', message);
  }
  if (!record?.answer) {
    const message = 'The first request with this Idempotency-Key is still running.';
    throw new AppError('IDEMPOTENCY_IN_PROGRESS', message, { retryAfter: 1 });
  }
  const answer = decryptAnswer(readBytes(record.answer), text);
  return { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } };
}

const fingerprintKeys = deriveAppKeys('fingerprint');

/** A keyed hash (HMAC): a body may hold a password, which a plain hash would let somebody guess. */
function signFingerprint(key: KeyObject, text: string): string {
  return signHmac(key, text).toString('base64url');
}

/** The fingerprints that the same request may have got, by whichever key was in use. */
function listFingerprints(text: string): string[] {
  return fingerprintKeys.all().map((key) => signFingerprint(key, text));
}

/**
 * Encrypts under a key derived from the app's secret and the request: whoever reads the database
 * cannot decrypt it.
 */
function encryptAnswer(answer: Answer, request: string): Buffer {
  const nonce = randomBytes(NONCE);
  const clear = Buffer.from(JSON.stringify(answer));
  const { ciphertext, tag } = encryptAesGcm(deriveKeys(request).current(), nonce, clear);
  return Buffer.concat([nonce, tag, ciphertext]);
}

function decryptAnswer(bytes: Buffer, request: string): Answer {
  const nonce = bytes.subarray(0, NONCE);
  const tag = bytes.subarray(NONCE, NONCE + TAG);
  const ciphertext = bytes.subarray(NONCE + TAG);
  const clear = decryptByAny(deriveKeys(request).all(), nonce, { ciphertext, tag });
  return JSON.parse(clear.toString('utf8')) as Answer;
}

function deriveKeys(request: string): AppKeys {
  return deriveAppKeys('idempotency', hashToBytes(request));
}
