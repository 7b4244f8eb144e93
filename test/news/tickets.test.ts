import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { streamEvents } from '../../src/api/stream/stream-events.ts';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import {
  MOST_STREAMS,
  renewStreamLeases,
  returnStreamLease,
  takeStreamLease,
} from '../../src/services/news/stream-leases.ts';
import { createTicket, readTicket } from '../../src/services/news/tickets.ts';
import { getTicket, openStream } from '../harness/event-stream.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { arrived } from '../harness/processing.ts';
import { startStreamServer } from '../harness/stream-server.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

const ctx = systemCtx('test');
const at = (ms: number) => ({ ...ctx, clock: () => Date.now() + ms });
const [user, session, job] = [newId(1), newId(2), newId(3)];

test('a ticket says who listens to what, from where on, for a minute', () => {
  const { ticket, text: signed } = createTicket(ctx, { user, session, place: 2 ** 40, job });
  expect(readTicket(ctx, signed)).toEqual(ticket);
  expect(ticket.expiresAt - Date.now()).toBeLessThanOrEqual(60_000);
  // Clocks of two hosts may be half a minute apart.
  expect(readTicket(at(85_000), signed)).toEqual(ticket);
  expect(readTicket(at(95_000), signed)).toBeUndefined();
});

test('a stream ends by itself after its time, and says how far it came', async () => {
  const alice = await given.user();
  await arrived(alice);
  const mine = new UUID(alice.id);
  const { ticket } = createTicket(ctx, { user: mine, session, place: 0 });
  const lease = await takeStreamLease(ctx, mine);
  const stream = new PassThrough();
  const [sent] = await Promise.all([
    text(stream),
    streamEvents(ctx, { ticket, lease }, undefined, 200, () => stream),
  ]);
  expect(sent).toMatch(/\nevent: end\ndata: \{"reason":"TIME","place":2\}\n\n$/);
});

test('a stream counts among those of its user while its process renews it, and 20 s longer', async () => {
  const user = newId(Date.now());
  const take = (ms: number) => takeStreamLease(at(ms), user);
  const [first] = await Promise.all(times(MOST_STREAMS, () => take(0)));
  await expect(take(0)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 20 });
  await renewStreamLeases(at(15_000), first ? [first] : []);
  // The others have run out.
  await Promise.all(times(MOST_STREAMS - 1, () => take(25_000)));
  await expect(take(25_000)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  await Promise.all(first ? [returnStreamLease(first)] : []);
  await take(25_000);
});

test('where nothing tells of news, as on Lambda, they are asked for', async () => {
  const server = await startStreamServer({ STAGE: 'production' });
  const alice = await given.user();
  const { pathname, search } = new URL(await getTicket(alice));
  const stream = await openStream(server.url() + pathname + search);
  await arrived(alice);
  await until('it is told', () => stream.told.some(({ event }) => event === 'track.processing'));
  stream.close();
  await server.stop();
});
