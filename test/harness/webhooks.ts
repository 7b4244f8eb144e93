import { type Ctx, systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import type { JobDoc } from '../../src/models/jobs/job.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import type { JobType } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { deliverWebhooks } from '../../src/services/webhooks/deliver-job.ts';
import { relayEvents } from '../../src/services/webhooks/relay.ts';
import type { Doc, Person } from './given.ts';

// Webhooks whose steps a test takes by hand, without a worker: something happens, it is relayed, it is sent.

const sending = new Map([[deliverWebhooks.name, deliverWebhooks as unknown as JobType]]);

/** A context whose time is so many ms ahead. */
export function ahead(ms: number): Ctx {
  return { ...systemCtx('test'), clock: () => Date.now() + ms };
}

export interface Endpoint extends Doc {
  signingSecret: string;
  enabled: boolean;
  failures: number;
}

export interface Delivery extends Doc {
  event: string;
  eventId: string;
  attempts: number;
  sequence: number;
  responseStatus?: number;
  payload: Record<string, unknown>;
  log: { responseStatus?: number; responseBody?: string; error?: string; took: number }[];
}

export async function endpointOf(
  person: Person,
  url: string,
  events = ['job.*'],
): Promise<Endpoint> {
  const made = await person.post<Endpoint>('/v1/webhook-endpoints', { url, events });
  if (made.status !== 201) throw new Error(`It was not made: ${made.text}`);
  return made.body;
}

/** The endpoint as it is now. */
export async function read(person: Person, { id }: { id: string }): Promise<Endpoint> {
  return (await person.get<Endpoint>(`/v1/webhook-endpoints/${id}`)).body;
}

/** The deliveries of an endpoint, the oldest first. */
export async function deliveriesOf(person: Person, { id }: { id: string }): Promise<Delivery[]> {
  const path = `/v1/webhook-endpoints/${id}/deliveries?limit=100`;
  const { body } = await person.get<{ data: Delivery[] }>(path);
  return body.data.toReversed();
}

/** Something happens to somebody: a job that nobody runs is made, which is one event. */
export function happens(person: Person): Promise<JobDoc> {
  const sweep = jobTypes.get('sweep') as JobType;
  const input = { entity: 'Track', documents: [] };
  return transaction(systemCtx('test'), (tx) =>
    enqueue(tx, sweep, { input, user: new UUID(person.id) }),
  );
}

/** Makes deliveries of what has happened. */
export const relays = (ms = 0): Promise<void> => relayEvents(ahead(ms));

/** Runs the jobs that send until none is due, so many ms from now. Returns how many ran. */
export async function sends(ms = 0): Promise<number> {
  let ran = 0;
  while ((await workOnce(ahead(ms), sending, () => 60_000)) !== 'IDLE') ran++;
  return ran;
}
