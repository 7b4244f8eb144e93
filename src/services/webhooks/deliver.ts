import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { databaseTime, hasCome, isPastOrMissing } from '../../data/database-time.ts';
import { decryptField } from '../../data/encrypted-fields.ts';
import type { Base } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import {
  WebhookDelivery,
  type WebhookDeliveryDoc,
} from '../../models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../models/webhooks/webhook-endpoint.ts';
import type { JobType, Work } from '../jobs/job-type.ts';
import { isFailing } from './backoff.ts';
import { post } from './post.ts';
import { recordOutcome, type Target } from './record-outcome.ts';
import { signMessage } from './signature.ts';
import { wakeEndpoint } from './wake.ts';

/** A run sends for so long at most, in ms; another one goes on, and others have their turn in between. */
const TURN = 60_000;
const BATCH = 32;
/** How many deliveries are on their way to an endpoint at once. */
const LANES = 4;

/** Sends the deliveries of an endpoint that are due, until none is, and lets go of the endpoint. */
export async function sendPending(
  work: Work<{ endpoint: UUID }, { sent: number }>,
  type: JobType<{ endpoint: UUID }, { sent: number }>,
): Promise<{ sent: number }> {
  const { ctx, input, job, signal } = work;
  const end = performance.now() + TURN;
  let sent = 0;
  while (!signal.aborted && performance.now() < end) {
    const target = await findTarget(ctx, input.endpoint);
    const due = target ? await findDue(ctx, target) : [];
    if (!target || due.length === 0) break;
    sent += await sendBatch(ctx, target, due, signal);
  }
  const result = await work.complete(async (tx) => {
    await WebhookEndpoint.collection.updateOne(
      { _id: input.endpoint, job: job._id },
      { $unset: { job: 1 } },
      { ...(tx.session && { session: tx.session }) },
    );
    return { sent };
  });
  await wakeEndpoint(ctx, type, input.endpoint);
  return result;
}

/** Where to send, with the secrets that are valid now; undefined where nothing may be sent now. */
async function findTarget(ctx: Ctx, id: UUID): Promise<Target | undefined> {
  const isOpen = { $expr: isPastOrMissing(ctx, 'retryAt') };
  const found: (Base & Stored) | null = await findOne(
    ctx,
    WebhookEndpoint,
    { _id: id, enabled: true, ...isOpen },
    {
      projection: {
        ...{ user: 1, url: 1, failures: 1, secret: 1, previousSecret: 1 },
        hasPrevious: { $gt: ['$previousSecretUntil', databaseTime(ctx)] },
      },
    },
  );
  if (!found) return undefined;
  const names = found.hasPrevious ? ['secret', 'previousSecret'] : ['secret'];
  const secrets = await Promise.all(
    names.map((name) => decryptField<string>(ctx, WebhookEndpoint, found, name)),
  );
  return {
    ...{ id, url: found.url, failures: found.failures, isSilent: false },
    secrets: secrets.filter((secret) => secret !== undefined),
  };
}

interface Stored {
  url: string;
  failures: number;
  hasPrevious?: boolean;
}

/** The deliveries that are due; of an endpoint that has failed several times in a row the first alone. */
function findDue(ctx: Ctx, { id, failures }: Target): Promise<WebhookDeliveryDoc[]> {
  const isTried = isFailing(failures);
  const pending = { endpoint: id, status: 'PENDING' };
  return findMany(
    ctx,
    WebhookDelivery,
    isTried ? pending : { ...pending, ...hasCome(ctx, 'nextAttemptAt') },
    { sort: { nextAttemptAt: 1, _id: 1 }, hint: 'pending', limit: isTried ? 1 : BATCH },
  );
}

/**
 * Sends some deliveries, a few at a time; those of one document one after the other, in the order of its
 * changes. Once the endpoint has failed too often, the rest waits.
 */
async function sendBatch(
  ctx: Ctx,
  target: Target,
  due: WebhookDeliveryDoc[],
  signal: AbortSignal,
): Promise<number> {
  const groups = [
    ...Map.groupBy(due, ({ _id, document }) => idText(document ?? _id)).values(),
  ].values();
  let sent = 0;
  const lane = async () => {
    for (const group of groups) {
      for (const delivery of group.sort((a, b) => a.sequence - b.sequence)) {
        if (signal.aborted || target.isSilent) return;
        await send(ctx, target, delivery, signal);
        sent++;
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return sent;
}

async function send(
  ctx: Ctx,
  target: Target,
  delivery: WebhookDeliveryDoc,
  signal: AbortSignal,
): Promise<void> {
  const at = new Date(ctx.clock());
  const body = JSON.stringify(delivery.payload);
  const { url, secrets } = target;
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Mixdown-Webhooks/1',
    ...signMessage({ id: idText(delivery.eventId), at, body, secrets }),
  };
  const reach = { toLoopback: config.webhooksToLoopback };
  const outcome = await post({ url, headers, body }, { signal, ...reach });
  // What was cut off by our own end is no failure of the receiver; the next worker sends it again.
  if (signal.aborted && outcome.status === undefined) return;
  await recordOutcome(ctx, target, delivery, { at, ...outcome });
}
