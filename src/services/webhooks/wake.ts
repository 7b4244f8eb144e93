import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { Base } from '../../data/entity.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { WebhookDelivery } from '../../models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import { hurryJob } from '../jobs/hurry.ts';
import type { JobType } from '../jobs/job-type.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { isFailing } from './backoff.ts';

/** Several may wake an endpoint at once; so often one of them looks again. */
const TRIES = 5;

/**
 * Sees to it that an endpoint with deliveries that wait has one job that sends them, in time for the first.
 * Called after deliveries were written, and after a job has let go of the endpoint: whichever comes second
 * sees the other. What a crash leaves in between is found by `reconcile`.
 * @param type `deliverWebhooks`, which calls this itself
 */
export async function wakeEndpoint(ctx: Ctx, type: Delivering, id: UUID): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const endpoint: Waiting | null = await findOne(
      ctx,
      WebhookEndpoint,
      { _id: id, enabled: true },
      { projection: { job: 1, failures: 1, left: leftUntil(ctx, 'retryAt') } },
    );
    const wait = endpoint && (await findWait(ctx, endpoint));
    if (!endpoint || wait === undefined || wait === null) return;
    if (endpoint.job && (await hurryJob(ctx, endpoint.job, wait))) return;
    if (await startJob(ctx, type, endpoint, wait)) return;
  }
}

/** Sends what waits for an endpoint now, though it has failed before. */
export async function wakeAtOnce(ctx: Ctx, type: Delivering, id: UUID): Promise<void> {
  await WebhookEndpoint.collection.updateOne({ _id: id }, { $unset: { retryAt: 1 } });
  await wakeEndpoint(ctx, type, id);
}

/** Sends what waits for an endpoint that begins anew, whenever it was to be tried next. */
export async function wakeAfresh(ctx: Ctx, type: Delivering, id: UUID): Promise<void> {
  await makeDue(id);
  await wakeEndpoint(ctx, type, id);
}

/** Makes all that waits for an endpoint due at once, in the order in which it was made. */
export async function makeDue(endpoint: UUID): Promise<void> {
  await WebhookDelivery.collection.updateMany({ endpoint, status: 'PENDING' }, [
    { $set: { nextAttemptAt: { $min: ['$nextAttemptAt', '$createdAt'] } } },
  ]);
}

type Delivering = JobType<{ endpoint: UUID }, { sent: number }>;

interface Waiting extends Base {
  job?: UUID | null;
  /** How many attempts have failed in a row. */
  failures: number;
  /** Ms until anything may be sent. */
  left?: number | null;
}

/** How many seconds the first delivery has to wait; undefined when there is none. */
async function findWait(ctx: Ctx, { _id, left, failures }: Waiting): Promise<number | undefined> {
  const first: (Base & { left?: number | null }) | null = await findOne(
    ctx,
    WebhookDelivery,
    { endpoint: _id, status: 'PENDING' },
    { sort: { nextAttemptAt: 1, _id: 1 }, projection: { left: leftUntil(ctx, 'nextAttemptAt') } },
  );
  if (!first) return undefined;
  // An endpoint that has been left alone for failing is tried again when that is over, by whatever waits; any other
  // only by what is due: else a job that finds nothing to send would start the next one, for ever.
  const due = first.left ?? 0;
  const ms = isFailing(failures) ? (left ?? due) : Math.max(left ?? 0, due);
  return Math.max(0, Math.ceil(ms / 1000));
}

function leftUntil(ctx: Ctx, path: string) {
  return { $subtract: [`$${path}`, databaseTime(ctx)] };
}

/** Starts the job, unless somebody else has since this one looked. */
async function startJob(
  ctx: Ctx,
  type: Delivering,
  endpoint: Waiting,
  wait: number,
): Promise<boolean> {
  const job = newId(ctx.clock());
  const isOurs = await transaction(ctx, async (tx) => {
    const { matchedCount } = await WebhookEndpoint.collection.updateOne(
      { _id: endpoint._id, job: endpoint.job ?? null },
      { $set: { job } },
      { ...(tx.session && { session: tx.session }) },
    );
    if (matchedCount === 0) return false;
    const input = { endpoint: endpoint._id };
    await enqueue(tx, type, { _id: job, input, delay: wait });
    return true;
  });
  if (isOurs) await ringJobs(ctx, job, wait);
  return isOurs;
}
