import type { Ctx } from '../../context.ts';
import { LONG_AGO } from '../../data/database-time.ts';
import { getReadDeadline } from '../../data/deadlines.ts';
import { decryptField } from '../../data/encrypted-fields.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import {
  WebhookDelivery,
  type WebhookDeliveryDoc,
} from '../../models/webhooks/webhook-delivery.ts';
import {
  WebhookEndpoint,
  type WebhookEndpointDoc,
} from '../../models/webhooks/webhook-endpoint.ts';
import { RETRIED_FOR } from './backoff.ts';
import { deliverWebhooks } from './deliver-job.ts';
import { TEST_EVENT } from './event-types.ts';
import { makeTestPayload } from './payload.ts';
import { makeSigningSecret } from './signature.ts';
import { wakeAtOnce } from './wake.ts';

/** How many endpoints an account may have. */
export const MOST_ENDPOINTS = 20;
/** How long a delivery can be read, in ms. */
export const KEPT_FOR = 14 * 24 * 3_600_000;

/** @throws AppError INVALID_STATE where an account has as many as it may have */
export async function checkRoom(user: UUID): Promise<void> {
  const count = await WebhookEndpoint.collection.countDocuments(
    { user },
    { limit: MOST_ENDPOINTS, maxTimeMS: getReadDeadline() },
  );
  if (count < MOST_ENDPOINTS) return;
  const message = `An account may have ${MOST_ENDPOINTS} webhook endpoints.`;
  throw new AppError('INVALID_STATE', message);
}

/** The secret of an endpoint as its receiver needs it. */
export function readSecret(ctx: Ctx, endpoint: WebhookEndpointDoc): Promise<string | undefined> {
  return decryptField<string>(ctx, WebhookEndpoint, endpoint, 'secret');
}

/**
 * Gives an endpoint a new secret. The one before signs as well for so many seconds; the one before that no
 * longer does. @throws AppError NOT_FOUND, CONFLICT
 */
export async function rotateSecret(
  ctx: Ctx,
  filter: TypedFilter,
  validFor: number,
): Promise<WebhookEndpointDoc> {
  const current = await findOne(ctx, WebhookEndpoint, filter);
  if (!current) throw notFound();
  const previousSecret = await readSecret(ctx, current);
  const keeps = validFor > 0 && previousSecret !== undefined;
  const change = keeps
    ? {
        set: { secret: makeSigningSecret(), previousSecret },
        times: { previousSecretUntil: 1000 * validFor },
      }
    : { set: { secret: makeSigningSecret() }, unset: ['previousSecret', 'previousSecretUntil'] };
  const unchanged = { ...filter, version: current.version };
  const rotated = await update(ctx, WebhookEndpoint, unchanged, change, 'rotate-secret');
  if (!rotated) {
    const message = 'It is being changed at the same time; try again.';
    throw new AppError('CONFLICT', message, { retryAfter: 1 });
  }
  return rotated;
}

/** Sends a test event to an endpoint, once. @throws AppError NOT_FOUND, INVALID_STATE */
export async function sendTest(ctx: Ctx, filter: TypedFilter): Promise<WebhookDeliveryDoc> {
  const { _id: endpoint, user } = await findEnabled(ctx, filter);
  const at = new Date(ctx.clock());
  const values = {
    ...{ user, endpoint, sequence: 0, eventId: newId(at.getTime()), event: TEST_EVENT },
    payload: makeTestPayload(TEST_EVENT, endpoint, at),
    nextAttemptAt: LONG_AGO, // before all that waits
  };
  const times = { triedUntil: 0, expiresAt: KEPT_FOR };
  const delivery = await insert(ctx, WebhookDelivery, values, 'create', times);
  await wakeAtOnce(ctx, deliverWebhooks, endpoint);
  return delivery;
}

/** Sends a delivery again, whatever became of it, for three days. @throws AppError NOT_FOUND, INVALID_STATE */
export async function replay(ctx: Ctx, filter: TypedFilter): Promise<WebhookDeliveryDoc> {
  const found = await findOne(ctx, WebhookDelivery, filter, { projection: { endpoint: 1 } });
  if (!found) throw notFound();
  await findEnabled(ctx, { _id: found.endpoint });
  const change = {
    set: { status: 'PENDING', nextAttemptAt: LONG_AGO },
    times: { triedUntil: RETRIED_FOR, expiresAt: KEPT_FOR },
    unset: ['deliveredAt'],
  };
  const delivery = await update(ctx, WebhookDelivery, filter, change);
  if (!delivery) throw notFound();
  await wakeAtOnce(ctx, deliverWebhooks, found.endpoint);
  return delivery;
}

async function findEnabled(ctx: Ctx, filter: TypedFilter): Promise<WebhookEndpointDoc> {
  const endpoint = await findOne(ctx, WebhookEndpoint, filter);
  if (!endpoint) throw notFound();
  if (!endpoint.enabled) {
    throw new AppError('INVALID_STATE', 'The endpoint is disabled: enable it by PATCH first.');
  }
  return endpoint;
}
