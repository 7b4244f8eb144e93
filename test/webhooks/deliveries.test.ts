import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { WebhookDelivery } from '../../src/models/webhooks/webhook-delivery.ts';
import { WebhookEndpoint } from '../../src/models/webhooks/webhook-endpoint.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { cancelJob } from '../../src/services/jobs/control.ts';
import { deliverWebhooks } from '../../src/services/webhooks/deliver-job.ts';
import { wakeStranded } from '../../src/services/webhooks/find-stranded.ts';
import { wakeEndpoint } from '../../src/services/webhooks/wake.ts';
import { adminCollection } from '../harness/admin.ts';
import { dying } from '../harness/dying.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { startReceiver, status } from '../harness/receiver.ts';
import { times } from '../harness/times.ts';
import {
  ahead,
  deliveriesOf,
  endpointOf,
  happens,
  read,
  relays,
  sends,
} from '../harness/webhooks.ts';

place({ worker: false });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ctx = systemCtx('test');

const receivers: Awaited<ReturnType<typeof startReceiver>>[] = [];

async function receiver(...how: Parameters<typeof startReceiver>) {
  const started = await startReceiver(...how);
  receivers.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(receivers.splice(0).map((r) => r.stop()));
});

/** Somebody with an endpoint at a receiver. */
async function subscribed(...how: Parameters<typeof startReceiver>) {
  const [alice, hook] = [await given.user(), await receiver(...how)];
  return { alice, hook, endpoint: await endpointOf(alice, hook.url) };
}

test('each event reaches the endpoints that want it once, with the document of that moment, in order', async () => {
  const { alice, hook, endpoint } = await subscribed();
  const [other, nobody] = [await receiver(), await receiver()];
  await endpointOf(alice, other.url, ['job.updated']);
  await endpointOf(alice, nobody.url, ['track.*']);
  await endpointOf(await given.user(), nobody.url, ['*']);
  const job = await happens(alice);
  await cancelJob(ctx, jobTypes, { _id: job._id });
  await Promise.all([relays(), relays(), relays()]);
  await sends();
  const told = (r: typeof hook) =>
    r.received.map(({ body }) => [body.type, body.data.id, body.data.status]);
  const id = job._id.toString();
  expect(told(hook)).toEqual([
    ['job.created', id, 'QUEUED'],
    ['job.updated', id, 'CANCELLED'],
  ]);
  expect(told(other)).toEqual([['job.updated', id, 'CANCELLED']]);
  expect(nobody.received).toEqual([]);
  expect(hook.received.map(({ body }) => body.sequence)).toEqual([1, 2]);
  expect(other.received[0]?.id).toBe(hook.received[1]?.id);
  const [created] = await deliveriesOf(alice, endpoint);
  expect(created).toMatchObject({
    ...{ status: 'DELIVERED', event: 'job.created', attempts: 1, responseStatus: 204 },
    payload: hook.received[0]?.body,
    log: [{ responseStatus: 204 }],
  });
});

test('a receiver that is down gets everything once it is up again, in order', async () => {
  const { alice, hook, endpoint } = await subscribed();
  await hook.stop();
  for (let n = 0; n < 3; n++) {
    const job = await happens(alice);
    await relays();
    await sends();
    await cancelJob(ctx, jobTypes, { _id: job._id });
  }
  await relays();
  await sends(MINUTE);
  const before = await deliveriesOf(alice, endpoint);
  expect(before.map((d) => d.status)).toEqual(times(6, () => 'PENDING'));
  expect(before.find((d) => d.attempts > 0)?.log[0]?.error).toBe('The connection was refused.');
  const again = await receiver(status(200), hook.port);
  await sends(HOUR);
  expect(again.received).toHaveLength(6);
  for (const of of Map.groupBy(again.received, ({ body }) => body.data.id).values()) {
    expect(of.map(({ body }) => body.type)).toEqual(['job.created', 'job.updated']);
  }
  expect((await read(alice, endpoint)).failures).toBe(0);
});

test('one that answers 500 is asked again less and less often, and one event at a time', async () => {
  const { alice, hook, endpoint } = await subscribed(status(500));
  for (let n = 0; n < 20; n++) await happens(alice);
  await relays();
  await sends();
  const asked = hook.received.length;
  expect(asked).toBeLessThanOrEqual(6);
  await sends(MINUTE);
  expect(hook.received.length).toBe(asked + 1);
  await sends(MINUTE + 1000);
  expect(hook.received.length).toBe(asked + 1);
  hook.answer = status(200);
  await sends(2 * HOUR);
  const delivered = await deliveriesOf(alice, endpoint);
  expect(delivered.map((d) => d.status)).toEqual(times(20, () => 'DELIVERED'));
  expect(new Set(hook.received.map((r) => r.id)).size).toBe(20);
});

test('one event that is always refused holds up no other, and is given up after three days', async () => {
  const { alice, hook, endpoint } = await subscribed();
  const bad = await happens(alice);
  const id = bad._id.toString();
  hook.answer = (response, { body }) =>
    response.writeHead(body.data.id === id ? 422 : 200).end('no thanks');
  for (const hours of times(80, (n) => n)) {
    if (hours % 6 === 0) await happens(alice);
    await relays(hours * HOUR);
    await sends(hours * HOUR);
  }
  const [first, ...others] = await deliveriesOf(alice, endpoint);
  expect(others.map((d) => d.status)).toEqual(times(14, () => 'DELIVERED'));
  expect(first).toMatchObject({ status: 'FAILED', responseStatus: 422 });
  expect(first?.log.at(-1)).toMatchObject({ responseBody: 'no thanks' });
  expect(first?.attempts).toBeGreaterThan(12);
  expect((await read(alice, endpoint)).enabled).toBe(true);
});

test('where a silence is over and nothing is due, no job starts the next one over and over', async () => {
  const { alice, hook, endpoint } = await subscribed();
  hook.answer = (response) => response.writeHead(422).end();
  await happens(alice);
  await relays();
  await sends();
  // As a failure leaves it that is stored after a success at the same time.
  const [_id, hourAgo] = [new UUID(endpoint.id), new Date(Date.now() - HOUR)];
  const left = { failures: 1, retryAt: hourAgo };
  await adminCollection(WebhookEndpoint).updateOne({ _id }, { $set: left, $unset: { job: 1 } });
  const inAnHour = { nextAttemptAt: new Date(Date.now() + HOUR) };
  await adminCollection(WebhookDelivery).updateMany({ endpoint: _id }, { $set: inAnHour });
  await adminCollection(Job).deleteMany({ type: 'deliver-webhooks' });
  await wakeEndpoint(ctx, deliverWebhooks, _id);
  expect(await sends()).toBe(0);
  expect((await deliveriesOf(alice, endpoint))[0]).toMatchObject({ attempts: 1 });
}, 20_000);

test('a slow receiver holds up no other', async () => {
  const { alice, hook, endpoint } = await subscribed(() => {});
  const bob = await subscribed();
  await happens(alice);
  await happens(bob.alice);
  await relays();
  const slow = sends();
  await sends();
  expect(bob.hook.received).toHaveLength(1);
  for (const one of receivers) if (one === hook) await one.stop();
  await slow;
  expect((await deliveriesOf(alice, endpoint))[0]).toMatchObject({
    status: 'PENDING',
    attempts: 1,
  });
});

test('a relay that is killed at any call of the database loses no event and makes none twice', async () => {
  const { alice, hook, endpoint } = await subscribed();
  for (let calls = 0, how = ''; how !== 'ended'; calls++) {
    await happens(alice);
    how = await dying(calls, calls % 2 === 0, () => relays());
    await relays();
  }
  await sends(MINUTE);
  const deliveries = await deliveriesOf(alice, endpoint);
  expect(deliveries.length).toBeGreaterThan(5);
  expect(deliveries.map((d) => d.status)).toEqual(deliveries.map(() => 'DELIVERED'));
  expect(hook.received.map(({ body }) => body.sequence)).toEqual(
    times(deliveries.length, (n) => n + 1),
  );
});

test('what a worker sent before it was killed is sent again with the same id', async () => {
  const { alice, hook, endpoint } = await subscribed();
  let minutes = 0;
  for (let calls = 0, how = ''; how !== 'ended'; calls++) {
    // Killed before the call reaches the database, and after that.
    for (const isHeard of [false, true]) {
      const later = minutes++ * MINUTE;
      await happens(alice);
      await relays(later);
      how = await dying(calls, isHeard, () => sends(later));
    }
  }
  // A job that has cost too many workers is stopped, and a worker that ended before it woke another leaves
  // nobody awake: what waits then is found by reconcile.
  await wakeStranded(ahead(3 * HOUR));
  await sends(3 * HOUR);
  const deliveries = await deliveriesOf(alice, endpoint);
  expect(deliveries.map((d) => d.status)).toEqual(deliveries.map(() => 'DELIVERED'));
  const ids = new Set(hook.received.map((r) => r.id));
  expect([...ids].toSorted()).toEqual(deliveries.map((d) => d.eventId).toSorted());
  expect(hook.received.length).toBeGreaterThan(ids.size);
});

test('what nobody was woken for is found by reconcile', async () => {
  const { alice, hook } = await subscribed();
  await happens(alice);
  await relays();
  // As if the process had ended between the deliveries and the job that sends them.
  await WebhookEndpoint.collection.updateMany({}, { $unset: { job: 1 } });
  await adminCollection(Job).deleteMany({ type: 'deliver-webhooks' });
  expect(await sends(MINUTE)).toBe(0);
  expect(await wakeStranded(ahead(MINUTE))).toBeGreaterThan(0);
  await sends(MINUTE);
  expect(hook.received).toHaveLength(1);
});

test('finding what nobody was woken for reads an index entry for each endpoint, not for each delivery', async () => {
  const { alice, hook } = await subscribed();
  await hook.stop();
  for (let n = 0; n < 40; n++) await happens(alice);
  await relays();
  const explained = await WebhookDelivery.collection
    .aggregate([
      { $match: { status: 'PENDING' } },
      { $sort: { status: 1, endpoint: 1, nextAttemptAt: 1, _id: 1 } },
      { $group: { _id: '$endpoint', first: { $first: '$nextAttemptAt' } } },
    ])
    .explain();
  expect(JSON.stringify(explained)).toContain('DISTINCT_SCAN');
});

describe('secrets', () => {
  const verifies = (secret: string, { text, headers }: { text: string; headers: object }) => {
    try {
      new Webhook(secret).verify(text, { ...headers });
      return true;
    } catch {
      return false;
    }
  };

  test('of two that are valid both sign, then the newer alone; a third ends the first', async () => {
    const { alice, hook, endpoint } = await subscribed();
    const rotates = async (body?: object) => {
      const path = `/v1/webhook-endpoints/${endpoint.id}/rotate-secret`;
      const rotated = await alice.post<typeof endpoint>(path, body);
      expect(rotated.status).toBe(200);
      return rotated.body.signingSecret;
    };
    const signs = async (ms = 0) => {
      await happens(alice);
      await relays(ms);
      await sends(ms);
      const last = hook.received.at(-1) as (typeof hook.received)[number];
      return [first, second, third].map((secret) => verifies(secret, last));
    };
    let [first, second, third] = [endpoint.signingSecret, 'whsec_AAAA', 'whsec_BBBB'];
    expect(await signs()).toEqual([true, false, false]);
    second = await rotates();
    expect(await signs()).toEqual([true, true, false]);
    third = await rotates({ validFor: 60 });
    expect(await signs()).toEqual([false, true, true]);
    // The receiver takes what is at most five minutes old, and time here is one ahead.
    expect(await signs(2 * MINUTE)).toEqual([false, false, true]);
    first = await rotates({ validFor: 0 });
    expect(await signs()).toEqual([true, false, false]);
  });

  test('are shown once, and stored encrypted', async () => {
    const { alice, endpoint } = await subscribed();
    expect(endpoint.signingSecret).toMatch(/^whsec_[\w+/]{43}=$/);
    const { text } = await alice.get(`/v1/webhook-endpoints/${endpoint.id}`);
    expect(text).not.toContain('whsec_');
    expect(text).toContain(`"secret":"…${endpoint.signingSecret.slice(-4)}"`);
    const stored = await WebhookEndpoint.collection.findOne({ _id: new UUID(endpoint.id) });
    const key = Buffer.from(endpoint.signingSecret.slice(6), 'base64').toString('hex');
    const found = [stored?.secret.bytes.toString('latin1'), stored?.secret.bytes.toString('hex')];
    for (const bytes of found) {
      expect(bytes).not.toContain(endpoint.signingSecret);
      expect(bytes).not.toContain(key);
    }
  });
});

describe('an endpoint that fails', () => {
  test('for three days is disabled, which is an event; enabled again it gets what waits', async () => {
    const { alice, hook, endpoint } = await subscribed(status(503));
    const other = await receiver();
    await endpointOf(alice, other.url, ['webhookendpoint.disabled']);
    for (const hours of times(76, (n) => n)) {
      if (hours === 60) await happens(alice);
      if (hours === 0) await happens(alice);
      await relays(hours * HOUR);
      await sends(hours * HOUR);
    }
    const now = 77 * HOUR;
    await relays(now);
    await sends(now);
    expect(await read(alice, endpoint)).toMatchObject({
      ...{ enabled: false, disabledReason: 'FAILING', disabledAt: expect.any(String) },
    });
    expect(other.received.map(({ body }) => [body.type, body.data.id, body.data.enabled])).toEqual([
      ['webhookendpoint.disabled', endpoint.id, false],
    ]);
    const asked = hook.received.length;
    hook.answer = status(200);
    await happens(alice); // nobody is told
    await relays(now);
    await sends(now);
    expect(hook.received.length).toBe(asked);
    const enabled = await alice.patch(`/v1/webhook-endpoints/${endpoint.id}`, { enabled: true });
    expect(enabled.body).toMatchObject({ enabled: true, failures: 0 });
    expect(enabled.body).not.toHaveProperty('disabledReason');
    const statuses = async () => (await deliveriesOf(alice, endpoint)).map((d) => d.status);
    // Whenever it was to be tried next: that may have been in hours.
    await sends(now);
    expect((await statuses()).at(-1)).toBe('DELIVERED');
    expect(await statuses()).toHaveLength(2);
  });

  test('by 410 is disabled at once', async () => {
    const { alice, endpoint } = await subscribed(status(410));
    await happens(alice);
    await relays();
    await sends();
    expect(await read(alice, endpoint)).toMatchObject({ enabled: false, disabledReason: 'GONE' });
  });

  test('and says when it wants to be asked again is asked then', async () => {
    const { alice, hook } = await subscribed(status(429, { 'retry-after': '600' }));
    await happens(alice);
    await relays();
    await sends();
    await sends(9 * MINUTE);
    expect(hook.received).toHaveLength(1);
    await sends(11 * MINUTE);
    expect(hook.received).toHaveLength(2);
  });
});

describe('by hand', () => {
  test('a test event is sent at once and once, also where the endpoint is left alone for failing', async () => {
    const { alice, hook, endpoint } = await subscribed(status(500));
    for (let n = 0; n < 9; n++) await happens(alice);
    await relays();
    await sends();
    hook.received.splice(0);
    const sent = await alice.post(`/v1/webhook-endpoints/${endpoint.id}/test`);
    expect([sent.status, sent.body.status]).toEqual([202, 'PENDING']);
    await sends();
    expect(hook.received.map(({ body }) => [body.type, body.data.id])).toEqual([
      ['webhook.test', endpoint.id],
    ]);
    const path = `/v1/webhook-endpoints/deliveries/${sent.body.id}`;
    expect((await alice.get(path)).body).toMatchObject({ status: 'FAILED', attempts: 1 });
  });

  test('a delivery is sent again with its id and body, whatever became of it', async () => {
    const { alice, hook, endpoint } = await subscribed();
    await happens(alice);
    await relays();
    await sends();
    const [delivery] = await deliveriesOf(alice, endpoint);
    const path = `/v1/webhook-endpoints/deliveries/${delivery?.id}`;
    expect((await alice.post(`${path}/replay`)).status).toBe(202);
    expect((await (await given.user()).post(`${path}/replay`)).status).toBe(404);
    await sends();
    const [first, again] = hook.received;
    expect([again?.id, again?.text]).toEqual([first?.id, first?.text]);
    expect((await alice.get(path)).body).toMatchObject({ status: 'DELIVERED', attempts: 2 });
  });

  test('neither is for an endpoint that is disabled, and an account has at most 20', async () => {
    const { alice, endpoint } = await subscribed();
    await happens(alice);
    await relays();
    const [delivery] = await deliveriesOf(alice, endpoint);
    await alice.patch(`/v1/webhook-endpoints/${endpoint.id}`, { enabled: false });
    const path = '/v1/webhook-endpoints';
    for (const refused of [`${endpoint.id}/test`, `deliveries/${delivery?.id}/replay`]) {
      const answer = await alice.post(`${path}/${refused}`);
      expect([answer.status, answer.body.code]).toEqual([409, 'INVALID_STATE']);
    }
    const body = { url: 'https://example.com/', events: ['*'] };
    for (let n = 0; n < 19; n++) expect((await alice.post(path, body)).status).toBe(201);
    expect((await alice.post(path, body)).status).toBe(409);
  });

  test('every fault of an endpoint is named at once', async () => {
    const alice = await given.user();
    const bad = { url: 'http://10.0.0.1/', events: ['track.ready', 'song.done'], secret: 'x' };
    const { status: code, body } = await alice.post('/v1/webhook-endpoints', bad);
    expect(code).toBe(422);
    expect(body.errors).toEqual([
      { path: 'url', message: 'must be on the public internet' },
      { path: 'events.1', message: expect.stringContaining('must be one of') },
      { path: 'secret', message: 'is set by the server' },
    ]);
  });
});
