import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate, findMany, findOne } from '../../data/read.ts';
import { notFound } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Stat } from '../../models/metering/stat.ts';
import { findAccount } from './accounts.ts';
import { sumSpend } from './spend.ts';
import { lookUpJob, type Month } from './statement.ts';

/** The most holds, and metrics, and the last entries that are shown. */
const MOST = 100;
const LAST_ENTRIES = 20;

/**
 * What an administrator sees of an account: credits, what running work holds, the last entries, and what was spent
 * and used in a month. @throws AppError NOT_FOUND
 */
export async function viewAccount(ctx: Ctx, id: UUID, month: Month) {
  const [user, account, holds, entries, spend, usage] = await Promise.all([
    findOne(ctx, User, { _id: id }),
    findAccount(ctx, id),
    findHolds(ctx, id),
    findLastEntries(ctx, id),
    sumSpend(ctx, id, month),
    findUsage(ctx, id, month),
  ]);
  if (!user) throw notFound();
  const { email, username, isActive, createdAt } = user;
  const { available = 0, held = 0, isFrozen = false } = account ?? {};
  return {
    user: { id: idText(id), email, username, isActive, createdAt },
    credits: { balance: available + held, held, available, isFrozen },
    holds,
    entries,
    spend: { month: month.name, ...spend },
    usage,
  };
}

function findHolds(ctx: Ctx, account: UUID) {
  return aggregate(ctx, CreditHold, [
    { $match: { account, state: 'HELD' } },
    { $limit: MOST },
    { $set: { id: '$job' } },
    ...lookUpJob(['type']),
    {
      $project: {
        ...{ _id: 0, job: '$id', amount: 1, createdAt: 1 },
        type: { $ifNull: ['$job.type', null] },
      },
    },
  ]);
}

async function findLastEntries(ctx: Ctx, account: UUID) {
  const options = { sort: { account: -1, sequence: -1 }, limit: LAST_ENTRIES } as const;
  const found = await findMany(ctx, CreditsTransaction, { account }, options);
  return found.map(({ _id, sequence, createdAt, type, cause, amount, balanceAfter, reason }) => ({
    ...{ id: idText(_id), sequence, createdAt, type, cause, amount, balanceAfter },
    reason: reason ?? null,
  }));
}

async function findUsage(ctx: Ctx, user: UUID, { start }: Month) {
  const filter = { user, period: 'MONTH', at: start };
  const found = await findMany(ctx, Stat, filter, { sort: { _id: 1 }, limit: MOST });
  return found
    .map(({ metric, dimensions, count, sum }) => ({ metric, dimensions, count, sum }))
    .sort((a, b) => (a.metric < b.metric ? -1 : 1));
}
