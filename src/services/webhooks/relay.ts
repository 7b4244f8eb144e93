import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { idText, listDistinct, newId, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { Event, type EventDoc } from '../../models/news/event.ts';
import { WebhookDelivery } from '../../models/webhooks/webhook-delivery.ts';
import {
  WebhookEndpoint,
  type WebhookEndpointDoc,
} from '../../models/webhooks/webhook-endpoint.ts';
import { sequenceAll } from '../news/sequence-events.ts';
import { RETRIED_FOR } from './backoff.ts';
import { deliverWebhooks } from './deliver-job.ts';
import { KEPT_FOR, MOST_ENDPOINTS } from './endpoints.ts';
import { isWanted } from './event-types.ts';
import { makePayload } from './payload.ts';
import { wakeEndpoint } from './wake.ts';

/** How many events are looked at together. */
const BATCH = 200;
/** Of how many events deliveries are written in one transaction: each has a document in it. */
const MOST_AT_ONCE = 20;

/** The fields of an event that a delivery is made of. */
const TOLD = { user: 1, type: 1, entity: 1, document: 1, sequence: 1, data: 1, createdAt: 1 };

type Marked = Pick<EventDoc, '_id' | 'user' | 'type'>;
type Endpoint = Pick<WebhookEndpointDoc, '_id' | 'user' | 'events'>;

/**
 * Makes deliveries of the events that were recorded since, for the endpoints that want them, and wakes what
 * sends them. An event is marked in the transaction of its change, and unmarked in that of its deliveries: so
 * each is relayed once, whatever crashes. May run at any time, also twice at once.
 */
export async function relayEvents(ctx: Ctx): Promise<void> {
  for (;;) {
    const marked: Marked[] = await findMany(
      ctx,
      Event,
      { forWebhooks: true },
      {
        projection: { user: 1, type: 1 },
        sort: { createdAt: 1, _id: 1 },
        hint: 'webhooks',
        limit: BATCH,
      },
    );
    if (marked.length === 0) return;
    const endpoints = await findEndpoints(ctx, marked);
    const wants = ({ user, type }: Marked) =>
      (endpoints.get(idText(user)) ?? []).some(({ events }) => isWanted(events, type));
    const unwanted = marked.filter((event) => !wants(event));
    await unmark(
      ctx,
      unwanted.map(({ _id }) => _id),
    );
    const byUser = Map.groupBy(marked.filter(wants), ({ user }) => idText(user));
    for (const [user, events] of byUser) {
      await relayOf(ctx, events, endpoints.get(user) as Endpoint[]);
    }
    if (marked.length < BATCH) return;
  }
}

/** The enabled endpoints of the users that something happened to, by user. */
async function findEndpoints(ctx: Ctx, events: Marked[]): Promise<Map<string, Endpoint[]>> {
  const users = listDistinct(events.map(({ user }) => user));
  const found: Endpoint[] = await findMany(
    ctx,
    WebhookEndpoint,
    { user: { $in: users }, enabled: true },
    { projection: { user: 1, events: 1 }, limit: users.length * MOST_ENDPOINTS },
  );
  return Map.groupBy(found, ({ user }) => idText(user));
}

async function relayOf(ctx: Ctx, events: Marked[], endpoints: Endpoint[]): Promise<void> {
  await sequenceAll(ctx, (events[0] as Marked).user);
  const woken = new Map<string, UUID>();
  for (let at = 0; at < events.length; at += MOST_AT_ONCE) {
    const ids = events.slice(at, at + MOST_AT_ONCE).map(({ _id }) => _id);
    for (const id of await writeDeliveries(ctx, ids, endpoints)) woken.set(idText(id), id);
  }
  for (const id of woken.values()) await wakeEndpoint(ctx, deliverWebhooks, id);
}

/** Writes the deliveries of some events, unless another run has. Returns the endpoints that have some. */
function writeDeliveries(ctx: Ctx, ids: UUID[], endpoints: Endpoint[]): Promise<UUID[]> {
  return transaction(ctx, async (tx) => {
    const found: (EventDoc & { now?: Date })[] = await findMany(
      tx,
      Event,
      { _id: { $in: ids }, forWebhooks: true },
      { projection: { ...TOLD, now: databaseTime(tx) }, limit: MOST_AT_ONCE },
    );
    // Sorted here: no index has these few in the order of their places.
    const events = found.toSorted((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
    const deliveries = events.flatMap((event) =>
      endpoints
        .filter(({ events: filters }) => isWanted(filters, event.type))
        .map(({ _id }) => makeDelivery(tx, event, _id, event.now ?? new Date(tx.clock()))),
    );
    if (deliveries.length > 0) {
      await WebhookDelivery.collection.insertMany(deliveries, {
        ...(tx.session && { session: tx.session }),
      });
    }
    await unmark(
      tx,
      events.map(({ _id }) => _id),
    );
    return deliveries.map(({ endpoint }) => endpoint);
  });
}

function makeDelivery(ctx: Ctx, event: EventDoc, endpoint: UUID, now: Date) {
  return {
    _id: newId(ctx.clock()),
    user: event.user,
    endpoint,
    event: event.type,
    eventId: event._id,
    document: event.document,
    sequence: event.sequence ?? 0,
    payload: makePayload(ctx, event),
    status: 'PENDING',
    attempts: 0,
    log: [],
    nextAttemptAt: now,
    triedUntil: new Date(now.getTime() + RETRIED_FOR),
    expiresAt: new Date(now.getTime() + KEPT_FOR),
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

async function unmark(ctx: Ctx, ids: UUID[]): Promise<void> {
  if (ids.length === 0) return;
  await Event.collection.updateMany(
    { _id: { $in: ids } },
    { $unset: { forWebhooks: 1 } },
    { ...(ctx.session && { session: ctx.session }) },
  );
}
