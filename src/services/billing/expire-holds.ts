import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate, findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import { Job, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { expireHold } from './holds.ts';
import { takeTurn } from './turns.ts';

/** A hold is made in the transaction of its job: after that long, in ms, whoever looks sees both. */
const SETTLED = 5000;
const BATCH = 500;

/**
 * Returns what is held for jobs that are gone or have ended, which is a mistake or the work of an operator: who
 * ends a job releases its hold. One whose job goes on never expires. @returns how many there were
 */
export async function expireHolds(ctx: Ctx): Promise<number> {
  const { attempt, finish } = collectErrors();
  let expired = 0;
  for (let after: UUID | undefined; ; ) {
    const next = after && { _id: { $gt: after } };
    const found = await aggregate<{ _id: UUID; account: UUID; job: UUID; open: unknown[] }>(
      ctx,
      CreditHold,
      [
        { $match: { state: 'HELD', ...next, ...hasCome(ctx, 'createdAt', SETTLED) } },
        { $sort: { _id: 1 } },
        { $limit: BATCH },
        {
          $lookup: {
            from: Job.collectionName,
            localField: 'job',
            foreignField: '_id',
            pipeline: [{ $match: { status: { $in: OPEN_STATUSES } } }, { $project: { _id: 1 } }],
            as: 'open',
          },
        },
        { $project: { account: 1, job: 1, open: 1 } },
      ],
    );
    for (const { account, job, open } of found) {
      if (open.length > 0) continue;
      const expire = () => transaction(ctx, (tx) => expireOne(tx, job));
      if (await attempt(() => takeTurn(account, expire))) expired++;
    }
    after = found.at(-1)?._id;
    if (!after || found.length < BATCH) break;
  }
  if (expired > 0) ctx.log.error('Credits were held for jobs that are gone.', { expired });
  finish();
  return expired;
}

/** Once more in the transaction: the job may have been started anew meanwhile. */
async function expireOne(tx: Ctx, job: UUID): Promise<boolean> {
  const open = { _id: job, status: { $in: OPEN_STATUSES } };
  if (await findOne(tx, Job, open, { projection: { _id: 1 } })) return false;
  return expireHold(tx, job);
}
