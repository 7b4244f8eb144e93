import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { appKey } from '../../app-key.ts';
import { canonicalJson } from '../../canonical-json.ts';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError, invalid } from '../../errors.ts';
import { IdempotencyRecord } from '../../models/api/idempotency-record.ts';
import { network } from '../../services/account/rate-limit.ts';
import { STATUS } from './problems.ts';

const KEPT = 24 * 3600 * 1000;
/** Longer than any request may run: then the first try is dead, and the next one takes over. */
const RUNNING = 35_000;

/** What is kept of an answer. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Runs a POST once per key: the first answer is kept, and replayed to whoever asks the same again. What
 * the request makes takes an id promised in the record, so a second try after a crash makes nothing twice.
 * Errors of ours (5xx) and refusals that wrote nothing are not kept.
 * @throws AppError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS
 */
export async function once(
  ctx: Ctx,
  header: string,
  operation: string,
  body: unknown,
  run: (ctx: Ctx) => Promise<Answer>,
): Promise<Answer> {
  if (header.length < 1 || header.length > 255) {
    throw invalid([{ path: 'Idempotency-Key', message: 'must have 1 to 255 characters' }]);
  }
  const who = 'id' in ctx.actor ? idText(ctx.actor.id) : nameless(ctx, body);
  const key = hash(`${who}\n${header}`);
  const text = `${operation}\n${canonicalJson(body)}`;
  const fingerprint = fingerprintOf(text);
  const promisedId = await begin(ctx, key, fingerprint);
  if (!promisedId) return replay(ctx, key, fingerprint, text);
  let answer: Answer;
  try {
    answer = await run({ ...ctx, promisedId });
  } catch (error) {
    await release(ctx, key, error);
    throw error;
  }
  const sealed = seal(JSON.stringify(answer), text);
  await IdempotencyRecord.collection.updateOne({ key }, { $set: { answer: sealed } });
  return answer;
}

/** Who asks without a token: the account that the body names, from an address. */
function nameless(ctx: Ctx, body: unknown): string {
  const { email, login, refreshToken } = (body ?? {}) as Record<string, unknown>;
  return `anonymous ${network(ctx.ip)} ${String(email ?? login ?? refreshToken ?? '').toLowerCase()}`;
}

/**
 * A refusal wrote nothing: the key is free again. After a fault of ours nobody knows what was written: the
 * promise stands, and the next try takes it over at once.
 */
async function release(ctx: Ctx, key: string, error: unknown): Promise<void> {
  const unanswered = { key, answer: { $exists: false } };
  const wasRefused = error instanceof AppError && STATUS[error.code] < 500;
  const { collection } = IdempotencyRecord;
  try {
    if (wasRefused) await collection.deleteOne(unanswered);
    else await collection.updateOne(unanswered, { $set: { runningUntil: new Date(ctx.clock()) } });
  } catch (cause) {
    // What happened first is what the client is told.
    ctx.log.warn('An idempotency key could not be released.', { error: cause as Error });
  }
}

/** The promised id when this request is to run; undefined when another has run or is running. */
async function begin(ctx: Ctx, key: string, fingerprint: string): Promise<UUID | undefined> {
  const now = ctx.clock();
  const id = newId(now);
  const at = new Date(now);
  const taken = await IdempotencyRecord.collection.findOneAndUpdate(
    { key },
    {
      $setOnInsert: {
        _id: id,
        promisedId: newId(now),
        fingerprint,
        runningUntil: new Date(now + RUNNING),
        expiresAt: new Date(now + KEPT),
        createdAt: at,
        updatedAt: at,
        version: 1,
      },
    },
    { upsert: true, returnDocument: 'after' },
  );
  if (taken && idText(taken._id) === idText(id)) return taken.promisedId as UUID;
  // The first try died before it could answer: take it over, with what it was promised.
  const over = await IdempotencyRecord.collection.findOneAndUpdate(
    { key, fingerprint, answer: { $exists: false }, runningUntil: { $lt: at } },
    { $set: { runningUntil: new Date(now + RUNNING) } },
  );
  return over?.promisedId as UUID | undefined;
}

async function replay(ctx: Ctx, key: string, fingerprint: string, text: string): Promise<Answer> {
  const record = await findOne(ctx, IdempotencyRecord, { key });
  if (record && record.fingerprint !== fingerprint) {
    const message = 'This Idempotency-Key was used with another request.';
    throw new AppError('IDEMPOTENCY_KEY_REUSED', message);
  }
  if (!record?.answer) {
    const message = 'The first request with this Idempotency-Key is still running.';
    throw new AppError('IDEMPOTENCY_IN_PROGRESS', message, { retryAfter: 1 });
  }
  const { buffer } = record.answer as unknown as { buffer: Uint8Array };
  const answer = JSON.parse(open(Buffer.from(buffer), text)) as Answer;
  return { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } };
}

const fingerprintKey = appKey('fingerprint');

/** Under a key: a body may hold a password, and a plain hash of it could be guessed at. */
function fingerprintOf(text: string): string {
  return createHmac('sha256', fingerprintKey).update(text).digest('base64url');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** AES-256-GCM under a key of our secret and the request itself: the database alone cannot open an answer. */
function seal(answer: string, request: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(request), nonce);
  const sealed = Buffer.concat([cipher.update(answer, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

function open(sealed: Buffer, request: string): string {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(request), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return decipher.update(sealed.subarray(28), undefined, 'utf8') + decipher.final('utf8');
}

function keyOf(request: string): Buffer {
  const salt = createHash('sha256').update(request).digest();
  return Buffer.from(hkdfSync('sha256', config.appSecret, salt, 'idempotency', 32));
}
