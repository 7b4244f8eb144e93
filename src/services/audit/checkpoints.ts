import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { readDatabaseTime } from '../../data/database-time.ts';
import { findMany } from '../../data/read.ts';
import { AuditEvent } from '../../models/audit/audit-event.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import {
  getLocked,
  listVersions,
  type ObjectVersion,
  putLocked,
} from '../../providers/locked-objects.ts';
import { type Checkpoint, linkTo, readCheckpoint, writeCheckpoint } from './checkpoint-text.ts';
import type { Head } from './entry.ts';
import { ALL_CHAINS, readHeads } from './heads.ts';
import { findNewestKey } from './keys.ts';

const PREFIX = 'checkpoints/';
/** In ms: with the schedule's minute there is one at least every ten minutes. */
const EVERY = 5 * 60_000;
/** In ms: where the last checkpoint is looked for first. */
const LATELY = 24 * 3600_000;

/** A stored checkpoint. */
export interface StoredCheckpoint {
  name: string;
  /** The newest first. There is one, unless somebody has written over it or marked it as deleted. */
  versions: ObjectVersion[];
}

/** What a checkpoint says, and the text that says so; empty where no version of it is ours. */
export interface ReadCheckpoint {
  checkpoint?: Checkpoint;
  text: string;
}

// When this process has to look again, so that most runs ask nobody.
let notBefore: { since: Moment; ms: number } | undefined;

/** Makes a checkpoint when the last one is five minutes old; where no bucket is set, none. */
export async function checkpointWhenDue(ctx: Ctx): Promise<void> {
  if (!config.auditBucket || (notBefore && isWithin(notBefore.since, notBefore.ms))) return;
  const [since, newest] = [markMoment(), await findNewest(ctx)];
  const age = newest ? Math.abs((await readDatabaseTime(ctx)).getTime() - readTime(newest)) : EVERY;
  if (age >= EVERY) await makeCheckpoint(ctx, newest);
  notBefore = { since, ms: age >= EVERY ? EVERY : EVERY - age };
}

/**
 * Makes a checkpoint now: stores where each chain ends, signed, where it cannot be changed. Undefined when
 * another process has just made one.
 * @throws Error when the log lacks what the last checkpoint had, and `isRestored` does not say why
 */
export async function makeCheckpoint(
  ctx: Ctx,
  newest?: StoredCheckpoint,
  isRestored = false,
): Promise<Checkpoint | undefined> {
  const before = newest ?? (await findNewest(ctx));
  const last = before && (await readStored(ctx, before));
  if (!isRestored) await refuseLoss(ctx, before?.name, last?.checkpoint);
  const key = await findNewestKey(ctx);
  const now = (await readDatabaseTime(ctx)).getTime();
  // After the last one, though the clock was set back.
  const at = new Date(before ? Math.max(now, readTime(before) + 1) : now);
  const checkpoint: Checkpoint = {
    ...{ name: `${PREFIX}${at.toISOString()}.json`, at, isRestored },
    heads: await readHeads(ALL_CHAINS),
    ...(before && last?.text && { previous: linkTo(before.name, last.text) }),
  };
  const isNew = await putLocked(checkpoint.name, writeCheckpoint(key, checkpoint));
  return isNew ? checkpoint : undefined;
}

/**
 * A log that was cut is not signed: the last checkpoint stays the one that tells of what is missing.
 */
async function refuseLoss(ctx: Ctx, name?: string, last?: Checkpoint): Promise<void> {
  if (!name) return;
  if (!last) throw new Error(`The checkpoint ${name} is not as it was written.`);
  const heads = last.heads.filter(({ sequence }) => sequence > 0);
  if (heads.length === 0) return;
  const places = heads.map(({ chain, sequence }) => ({ chain, sequence }));
  const found: Head[] = await findMany(
    ctx,
    AuditEvent,
    { $or: places },
    { projection: { _id: 0, chain: 1, sequence: 1, hash: 1 }, limit: places.length },
  );
  const lost = heads.find((head) => !found.some((one) => isSameHead(one, head)));
  if (!lost) return;
  throw new Error(
    `Entry ${lost.sequence} of chain ${lost.chain}, of the checkpoint ${last.name}, is not in the audit log.`,
  );
}

function isSameHead(a: Head, b: Head): boolean {
  return a.chain === b.chain && a.sequence === b.sequence && a.hash === b.hash;
}

/** The last checkpoint, if there is any. */
async function findNewest(ctx: Ctx): Promise<StoredCheckpoint | undefined> {
  return (await listCheckpoints(ctx, LATELY)).at(-1);
}

/** The checkpoints of the last so many ms, the oldest first; when there are none, the last one. */
export async function listCheckpoints(ctx: Ctx, ms: number): Promise<StoredCheckpoint[]> {
  const since = new Date((await readDatabaseTime(ctx)).getTime() - ms).toISOString();
  const lately = await listVersions(PREFIX, `${PREFIX}${since}`);
  const versions = lately.length > 0 ? lately : await listVersions(PREFIX);
  const byKey = [...Map.groupBy(versions, ({ key }) => key)];
  const stored = byKey.map(([name, some]) => ({ name, versions: some }));
  return lately.length > 0 ? stored : stored.slice(-1);
}

/** Reads the version that we have stored: the oldest, if anybody has written over it. */
export async function readStored(
  ctx: Ctx,
  { name, versions }: StoredCheckpoint,
): Promise<ReadCheckpoint> {
  for (const version of versions.filter(({ isDeletion }) => !isDeletion).reverse()) {
    const text = await getLocked(version);
    const checkpoint = await readCheckpoint(ctx, name, text);
    if (checkpoint) return { checkpoint, text };
  }
  return { text: '' };
}

/** When a checkpoint was made, by its name; long ago, where that is not one of ours. */
function readTime({ name }: StoredCheckpoint): number {
  return Date.parse(name.slice(PREFIX.length, -'.json'.length)) || 0;
}
