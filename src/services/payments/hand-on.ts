import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { WebhookEvent, type WebhookEventDoc } from '../../models/webhooks/webhook-event.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { handleStripeEvent } from './event-job.ts';

/** In a run; those that have waited longest come first. */
const MOST = 200;
/** What is left of the time when no more are handed on, in ms. */
const RESERVE = 20_000;

/**
 * Hands events on that no job has handled: theirs has used up its tries, while Stripe was out of reach for hours, say.
 * Each is handed on again when it is twice as old as it was, until it was handled.
 * @returns how many those were
 */
export async function handOnEvents(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const waiting = { dueAt: { $exists: true } };
  const options = { sort: { dueAt: 1 }, limit: MOST } as const;
  const due = await findMany(ctx, WebhookEvent, { ...waiting, ...hasCome(ctx, 'dueAt') }, options);
  let handedOn = 0;
  for (const event of due) {
    if (timeLeft() < RESERVE) break;
    if (await handOn(ctx, event)) handedOn++;
  }
  return handedOn;
}

async function handOn(ctx: Ctx, { _id, createdAt, dueAt }: WebhookEventDoc): Promise<boolean> {
  const age = Math.max(0, ctx.clock() - createdAt.getTime());
  const job = await transaction({ ...ctx, promisedId: undefined }, async (tx) => {
    // Of two runs at once one finds the time that it has read.
    const isMine = await update(tx, WebhookEvent, { _id, dueAt }, { times: { dueAt: age } });
    return isMine && enqueue(tx, handleStripeEvent, { input: { event: _id } });
  });
  if (job) await ringJobs(ctx, job);
  return Boolean(job);
}
