import { expect, test } from 'vitest';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { arrived, whole, works } from '../harness/processing.ts';

place({ worker: false });

test('GET with ?wait= answers at the next change', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  const before = await alice.call('GET', `/v1/tracks/${track.id}`);
  const waiting = alice.call('GET', `/v1/tracks/${track.id}?wait=15`);
  await works(whole);
  const { status, body, headers } = await waiting;
  expect([status, body.id]).toEqual([200, track.id]);
  expect(headers.get('etag')).not.toBe(before.headers.get('etag'));
});

test('with If-None-Match it answers at once what has changed since', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  const { headers } = await alice.call('GET', `/v1/tracks/${track.id}`);
  await alice.call('PATCH', `/v1/tracks/${track.id}`, { name: 'Another' });
  const since = performance.now();
  const tag = { 'if-none-match': headers.get('etag') as string };
  const answer = await alice.call('GET', `/v1/tracks/${track.id}?wait=15`, undefined, tag);
  expect([answer.status, answer.body.name]).toEqual([200, 'Another']);
  expect(performance.now() - since).toBeLessThan(10_000);
});

test('without a change it answers after that time, as it is: 304 where the ETag is known', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  const path = `/v1/tracks/${track.id}`;
  const since = performance.now();
  const { status, headers } = await alice.call('GET', `${path}?wait=1`);
  expect(status).toBe(200);
  expect(performance.now() - since).toBeGreaterThan(900);
  const tag = { 'if-none-match': headers.get('etag') as string };
  expect((await alice.call('GET', `${path}?wait=1`, undefined, tag)).status).toBe(304);
});

test('a document that is deleted meanwhile, or somebody else’s, is a 404 at once', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const track = await arrived(alice);
  const path = `/v1/tracks/${track.id}`;
  expect((await bob.call('GET', `${path}?wait=15`)).status).toBe(404);
  const waiting = alice.call('GET', `${path}?wait=15`);
  await alice.call('DELETE', path);
  expect((await waiting).status).toBe(404);
});

test.each(['0', '16', '1.5', 'x', ''])('?wait=%s is refused by name', async (wait) => {
  const alice = await given.user();
  const track = await arrived(alice);
  const { status, body } = await alice.call<{ errors: { path: string }[] }>(
    'GET',
    `/v1/tracks/${track.id}?wait=${wait}`,
  );
  expect([status, body.errors.map(({ path }) => path)]).toEqual([400, ['wait']]);
});
