import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';

/** Whole credits. */
export type Credits = number;

/**
 * The other side of each entry. They have no document: a shared one would make all spends wait for each
 * other. Their balances are the sums of the postings that name them.
 */
export const SYSTEM_ACCOUNTS = {
  REVENUE: new UUID('00000000-0000-7000-8000-000000000001'),
  PROMOTIONS: new UUID('00000000-0000-7000-8000-000000000002'),
  /** What was bought and went back. */
  REFUNDS: new UUID('00000000-0000-7000-8000-000000000003'),
  /** What a lost dispute took. */
  DISPUTES: new UUID('00000000-0000-7000-8000-000000000004'),
  /** What users owe, since it was spent before it was taken back. */
  DEBT: new UUID('00000000-0000-7000-8000-000000000005'),
} as const;

/** Makes the account of a user, which has the user's id, unless it is there. */
export async function openAccount(ctx: Ctx, user: UUID): Promise<void> {
  if (await findOne(ctx, CreditAccount, { _id: user }, { projection: { _id: 1 } })) return;
  const now = databaseTime(ctx);
  const made = {
    owner: { kind: 'USER', id: user },
    ...{
      purpose: 'USER',
      available: 0,
      held: 0,
      debt: 0,
      isFrozen: false,
      sequence: 0,
      version: 1,
    },
  };
  const times = { createdAt: now, updatedAt: now };
  await CreditAccount.collection.updateOne(
    { _id: user },
    [{ $replaceWith: { $mergeObjects: [{ $literal: made }, times, '$$ROOT'] } }],
    { upsert: true },
  );
}

/** The account of a user; one that never had credits has none. */
export function findAccount(ctx: Ctx, user: UUID): Promise<CreditAccountDoc | null> {
  return findOne(ctx, CreditAccount, { _id: user }, WITH_HEAD);
}

const WITH_HEAD = { projection: { updatedAt: 0 } };
