import type { KeyObject } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { deriveAppKeys } from '../../crypto/app-key.ts';
import { signHmac } from '../../crypto/hmac.ts';
import { databaseTime, hasCome, LONG_AGO } from '../../data/database-time.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { IdempotencyRecord } from '../../models/api/idempotency-record.ts';

// Which try of a request has its Idempotency-Key: from when it begins until it is answered, or has ended otherwise.

const STORED = 24 * 3600 * 1000;
/**
 * Longer than any request may run, in ms: after that the first attempt has crashed, and a retry
 * takes over.
 */
const RUNNING = 35_000;

/**
 * Frees the key of a request that has failed. If nobody knows what it wrote, the reserved id stays,
 * and the same request once more takes it over, at once.
 */
export async function releaseRun(
  ctx: Ctx,
  own: TypedFilter,
  mayHaveWritten: boolean,
): Promise<void> {
  const ended = mayHaveWritten ? endRun(own) : { deleteOne: { filter: own } };
  try {
    await IdempotencyRecord.collection.bulkWrite([ended]);
  } catch (cause) {
    // The client gets the first error.
    ctx.log.warn('An idempotency key could not be released.', { error: cause as Error });
    remember(ended);
  }
}

type Ended = Parameters<typeof IdempotencyRecord.collection.bulkWrite>[0][number];

/** The run is over; what it may have written has the reserved id. */
function endRun(own: TypedFilter): Ended {
  return { updateOne: { filter: own, update: { $set: { runningUntil: LONG_AGO } } } };
}

/** Ends of runs that the database could not be told: it is told them with the next key of this process. */
const untold: Ended[] = [];
const MOST_UNTOLD = 1000;

function remember(...ended: Ended[]): void {
  untold.push(...ended);
  untold.splice(0, untold.length - MOST_UNTOLD);
}

async function tellUntold(): Promise<void> {
  if (untold.length === 0) return;
  const told = untold.splice(0);
  try {
    await IdempotencyRecord.collection.bulkWrite(told, { ordered: false });
  } catch (error) {
    remember(...told);
    throw error;
  }
}

/** A run of a request, and which record is its own, until another run takes it over. */
interface Run {
  promisedId: UUID;
  own: TypedFilter;
}

/**
 * Returns the run when this request is to run; undefined when another has run or is running. If nobody knows
 * whether it has begun, for the answer never came, it has ended.
 */
export async function beginRun(ctx: Ctx, key: string, text: string): Promise<Run | undefined> {
  await tellUntold();
  const run = newId(ctx.clock());
  // Of a run that outlives its time, another may have taken the key over: it is not ours to end then.
  const own = { key, run, answer: { $exists: false } };
  try {
    const record = await takeKey(ctx, key, text, run);
    return record ? { promisedId: record.promisedId as UUID, own } : undefined;
  } catch (error) {
    remember(endRun(own));
    throw error;
  }
}

/** Makes the record of a key for this run, or takes over that of one that has ended without an answer. */
async function takeKey(ctx: Ctx, key: string, text: string, run: UUID) {
  const fingerprint = signFingerprint(fingerprintKeys.current(), text);
  const made = { _id: run, run, promisedId: newId(ctx.clock()), fingerprint, version: 1 };
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
  if (taken && idText(taken._id) === idText(run)) return taken;
  // The first attempt crashed before it could answer: take it over, with the id that it reserved.
  const same = { key, fingerprint: { $in: listFingerprints(text) } };
  return IdempotencyRecord.collection.findOneAndUpdate(
    { ...same, answer: { $exists: false }, ...hasCome(ctx, 'runningUntil') },
    [{ $set: { runningUntil, run } }],
    { returnDocument: 'after' },
  );
}

const fingerprintKeys = deriveAppKeys('fingerprint');

/** A keyed hash (HMAC): a body may hold a password, which a plain hash would let somebody guess. */
function signFingerprint(key: KeyObject, text: string): string {
  return signHmac(key, text).toString('base64url');
}

/** The fingerprints that the same request may have got, by whichever key was in use. */
export function listFingerprints(text: string): string[] {
  return fingerprintKeys.all().map((key) => signFingerprint(key, text));
}
