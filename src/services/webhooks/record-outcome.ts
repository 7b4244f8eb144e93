import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { recordEvents } from '../../data/record-events.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import {
  WebhookDelivery,
  type WebhookDeliveryDoc,
} from '../../models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { chooseSilence, chooseWait, isFailing, MOST_SILENCE, RETRIED_FOR } from './backoff.ts';
import type { Outcome } from './post.ts';
import { makeDue } from './wake.ts';

/** How many attempts a delivery shows. */
const MOST_LOGGED = 20;
/** The receiver says that it wants nothing any more. */
const GONE = 410;

/** An endpoint that is being sent to. */
export interface Target {
  id: UUID;
  url: string;
  secrets: string[];
  /** How many attempts have failed in a row, as far as this run knows. */
  failures: number;
  /** Nothing more may be sent in this run. */
  isSilent: boolean;
}

/** Stores what became of an attempt, with its delivery and with its endpoint. */
export async function recordOutcome(
  ctx: Ctx,
  target: Target,
  delivery: WebhookDeliveryDoc,
  outcome: Outcome & { at: Date },
): Promise<void> {
  const { status = 0 } = outcome;
  const isDelivered = status >= 200 && status < 300;
  await logAttempt(ctx, delivery, outcome, isDelivered);
  if (!isDelivered) await countFailure(ctx, target, outcome);
  else if (target.failures > 0) await forgetFailures(target);
}

async function logAttempt(
  ctx: Ctx,
  delivery: WebhookDeliveryDoc,
  { at, took, status, body, error, retryAfter, isUnreached }: Outcome & { at: Date },
  isDelivered: boolean,
): Promise<void> {
  const isStatus = status !== undefined && status >= 100;
  const entry = {
    ...{ at, took },
    ...(isStatus && { responseStatus: status }),
    ...(body && { responseBody: body }),
    ...(error && { error }),
  };
  const now = databaseTime(ctx);
  // One that could not even be sent keeps its place before those that came later.
  const next = isUnreached
    ? '$nextAttemptAt'
    : databaseTime(ctx, chooseWait(delivery.attempts + 1, retryAfter));
  const isOver = { $lte: ['$triedUntil', now] };
  const end = isDelivered
    ? { status: 'DELIVERED', deliveredAt: now, nextAttemptAt: '$$REMOVE' }
    : {
        status: { $cond: [isOver, 'FAILED', 'PENDING'] },
        nextAttemptAt: { $cond: [isOver, '$$REMOVE', next] },
      };
  // One that was delivered by another worker meanwhile stays delivered.
  await WebhookDelivery.collection.updateOne({ _id: delivery._id, status: 'PENDING' }, [
    {
      $set: {
        ...end,
        attempts: { $add: ['$attempts', 1] },
        responseStatus: isStatus ? status : '$$REMOVE',
        log: { $slice: [{ $concatArrays: ['$log', [{ $literal: entry }]] }, -MOST_LOGGED] },
        updatedAt: now,
        version: { $add: ['$version', 1] },
      },
    },
  ]);
}

/** Counts a failure of an endpoint, and leaves it alone for a while, or for good, where it fails on and on. */
async function countFailure(
  ctx: Ctx,
  target: Target,
  { status, retryAfter = 0, isUnreached = false }: Outcome,
): Promise<void> {
  if (status === GONE) {
    target.isSilent = true;
    await disable(ctx, target.id, 'GONE');
    return;
  }
  // Several were on their way when one of them was a failure too many: they count as that one.
  if (target.isSilent) return;
  target.failures++;
  const silence = chooseSilence(target.failures, isUnreached);
  target.isSilent = silence > 0;
  const now = databaseTime(ctx);
  const wait = Math.max(silence, Math.min(1000 * retryAfter, MOST_SILENCE));
  const counted = await WebhookEndpoint.collection.findOneAndUpdate(
    { _id: target.id, enabled: true },
    [
      {
        $set: {
          failures: { $add: ['$failures', 1] },
          failingSince: { $ifNull: ['$failingSince', now] },
          ...(silence > 0 && { retryAt: databaseTime(ctx, wait) }),
        },
      },
    ],
    { returnDocument: 'after', projection: { failingFor: { $subtract: [now, '$failingSince'] } } },
  );
  if (counted && counted.failingFor >= RETRIED_FOR) await disable(ctx, target.id, 'FAILING');
}

/** An endpoint that answers again gets at once what has waited. */
async function forgetFailures(target: Target): Promise<void> {
  const wasSilent = isFailing(target.failures);
  await WebhookEndpoint.collection.updateOne(
    { _id: target.id },
    { $set: { failures: 0 }, $unset: { failingSince: 1, retryAt: 1 } },
  );
  target.failures = 0;
  if (wasSilent) await makeDue(target.id);
}

/** Disables an endpoint, and records the event that says so, in one transaction. What waits for it is kept. */
async function disable(ctx: Ctx, id: UUID, disabledReason: 'FAILING' | 'GONE'): Promise<void> {
  await transaction(ctx, async (tx) => {
    const change = { set: { enabled: false, disabledReason }, times: { disabledAt: 0 } };
    const found = { _id: id, enabled: true };
    const disabled = await update(tx, WebhookEndpoint, found, change, 'disable');
    if (disabled) await recordEvents(tx, WebhookEndpoint, 'disabled', [disabled]);
  });
}
