import { randomBytes } from 'node:crypto';
import { canonicalJson } from '../../canonical-json.ts';
import type { Ctx } from '../../context.ts';
import { decryptByAny, encryptAesGcm, NONCE, TAG } from '../../crypto/aes-gcm.ts';
import { type AppKeys, deriveAppKeys } from '../../crypto/app-key.ts';
import { hashText, hashToBytes } from '../../crypto/hash.ts';
import { readBytes } from '../../data/bson.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError, invalid } from '../../errors.ts';
import { IdempotencyRecord } from '../../models/api/idempotency-record.ts';
import { readNetwork } from '../../services/account/rate-limit.ts';
import { beginRun, listFingerprints, releaseRun } from './key-runs.ts';
import { STATUS } from './problems.ts';
import type { Route } from './route.ts';

/** What is stored of an answer. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Reads the key of a request: any POST may have one.
 * @throws AppError BAD_REQUEST where the route needs one
 */
export function readKey(
  { method, needsKey }: Pick<Route, 'method' | 'needsKey'>,
  headers: Record<string, string | undefined>,
): string | undefined {
  const key = method === 'POST' ? headers['idempotency-key'] : undefined;
  if (key !== undefined || !needsKey) return key;
  const message =
    'The header Idempotency-Key is missing: without it, this would be done twice if it were sent again.';
  throw new AppError('BAD_REQUEST', message);
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
  const begun = await beginRun(ctx, key, text);
  if (!begun) return replay(ctx, key, text);
  const { promisedId, own } = begun;
  let answer: Answer;
  let wrote = false;
  const noteWrite = () => {
    wrote = true;
  };
  try {
    answer = await run({ ...ctx, promisedId, noteWrite, requestKey: key });
  } catch (error) {
    await releaseRun(ctx, own, wrote && !isRefusal(error));
    throw error;
  }
  const encrypted = encryptAnswer(answer, text);
  try {
    await IdempotencyRecord.collection.updateOne(own, { $set: { answer: encrypted } });
  } catch (error) {
    await releaseRun(ctx, own, true);
    throw error;
  }
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
