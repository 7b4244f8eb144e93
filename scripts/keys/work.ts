import { setTimeout } from 'node:timers/promises';
import type { Ctx } from '../../src/context.ts';
import { IN_USE, STAGE } from '../../src/data/data-keys.ts';
import { databaseTime } from '../../src/data/database-time.ts';
import { parseId, type UUID } from '../../src/data/ids.ts';
import { aggregate, findOne } from '../../src/data/read.ts';
import { DataKey, Job, User } from '../../src/models/index.ts';
import { readEmail } from '../read-email.ts';

/** Finds an account by its email; an id is taken as it is, since that of a deleted one has keys, too. */
export async function findUser(ctx: Ctx, name: string): Promise<UUID> {
  const id = parseId(name);
  if (id) return id;
  const found = await findOne(ctx, User, { email: readEmail(name) });
  if (!found) throw new Error(`There is no account with the email ${name}.`);
  return found._id;
}

/** Waits until a worker has done a job, and returns its result. @throws Error when it fails */
export async function waitFor(ctx: Ctx, _id: UUID): Promise<Record<string, number>> {
  for (;;) {
    const job = await findOne(ctx, Job, { _id });
    if (job?.status === 'COMPLETED') return (job.result ?? {}) as Record<string, number>;
    if (job?.status !== 'QUEUED' && job?.status !== 'RUNNING')
      throw new Error(`The job ${_id} ended as ${job?.status}: ${job?.error?.message}`);
    await setTimeout(500);
  }
}

/** How many keys there are, and in which state. */
export async function describeKeys(ctx: Ctx): Promise<string> {
  const isOld = { $lte: ['$createdAt', databaseTime(ctx, -IN_USE)] };
  const has = (path: string) => ({ $eq: [{ $type: `$${path}` }, 'date'] });
  const isShared = { $eq: [{ $type: '$subject' }, 'missing'] };
  const states: [object, string][] = [
    [has('forgottenAt'), 'forgotten'],
    [isShared, 'shared by all, of before'],
    [has('unneededAt'), 'not needed any longer'],
    [{ $or: [has('endedAt'), isOld] }, 'decrypt'],
  ];
  const state = states.reduceRight<unknown>(
    (otherwise, [condition, name]) => ({ $cond: [condition, name, otherwise] }),
    'encrypt',
  );
  const whose = { $cond: [{ $eq: ['$subject', STAGE] }, 'of the stage', 'of users'] };
  const counts = await aggregate<{ _id: { state: string; whose: string }; n: number }>(
    ctx,
    DataKey,
    [{ $group: { _id: { state, whose }, n: { $sum: 1 } } }, { $sort: { _id: 1 } }, { $limit: 100 }],
  );
  const lines = counts.map(({ _id, n }) => `${String(n).padStart(8)}  ${_id.whose}: ${_id.state}`);
  return ['keys', ...lines].join('\n');
}
