import { expect, test } from 'vitest';
import { newId, UUID } from '../../src/data/ids.ts';
import { EventHead } from '../../src/models/news/event-head.ts';
import { MOST_STREAMS } from '../../src/services/news/stream-leases.ts';
import { getTicket, listen, openStream, type Told } from '../harness/event-stream.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { arrived, whole, works } from '../harness/processing.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

/** A track that was processed, and the job that did it. */
async function processed(person: Person): Promise<{ track: Doc; job: string }> {
  const track = await arrived(person);
  await works(whole);
  const { body } = await person.call<{ data: Doc[] }>('GET', '/v1/jobs?limit=1');
  return { track, job: body.data[0]?.id as string };
}

/** The statuses that were told, without the progress in between. */
const statusesOf = (told: Told[]) =>
  told.map(({ data }) => data.status).filter((status, i, all) => status !== all[i - 1]);

const named = (told: Told[], event: string) => told.filter((t) => t.event === event);

test('a listener is told each change of what is his, in order, as GET answers it, and nothing of others', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const [hers, his] = await Promise.all([listen(alice), listen(bob)]);
  expect(hers.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const { track } = await processed(alice);
  await until('the track is ready', () => named(hers.told, 'track.ready').length === 1);
  await until('the job is over', () => hers.told.some(({ data }) => data.status === 'COMPLETED'));
  const { told } = hers;
  expect(told.map(({ id }) => id)).toEqual(times(told.length, (i) => i + 1));
  expect(named(told, 'track.ready')[0]?.data).toEqual(
    (await alice.call('GET', `/v1/tracks/${track.id}`)).body,
  );
  const jobs = told.filter(({ event }) => event.startsWith('job.'));
  expect(statusesOf(jobs)).toEqual(['QUEUED', 'RUNNING', 'COMPLETED']);
  expect(his.told).toEqual([]);
  hers.close();
  his.close();
});

test('what happens between ticket and opening is told, and what was before is not', async () => {
  const alice = await given.user();
  await processed(alice);
  const url = await getTicket(alice);
  const { track } = await processed(alice);
  const stream = await openStream(url);
  await until('the second is told', () => named(stream.told, 'track.ready').length === 1);
  expect(
    new Set(stream.told.filter((t) => t.event.startsWith('track')).map((t) => t.data.id)),
  ).toEqual(new Set([track.id]));
  stream.close();
});

test.each([true, false])(
  'who resumes, by header %s, is told what he has missed, once',
  async (byHeader) => {
    const alice = await given.user();
    const first = await listen(alice);
    await processed(alice);
    await until('something is told', () => first.told.length >= 3);
    first.close();
    const before = first.told.slice(0, 3);
    await processed(alice);
    const second = await listen(alice, { after: before.at(-1)?.id, byHeader });
    await until('both are told', () => {
      const all = [...before, ...second.told];
      return all.filter(({ data }) => data.status === 'COMPLETED').length === 2;
    });
    const all = [...before, ...second.told];
    expect(all.map(({ id }) => id)).toEqual(times(all.length, (i) => i + 1));
    second.close();
  },
);

test('a stream about a job has what it made, and ends with it; one about a project has only what is in it', async () => {
  const alice = await given.user();
  const track = await arrived(alice);
  const job = (await alice.call<{ data: Doc[] }>('GET', '/v1/jobs')).body.data[0]?.id as string;
  const other = await given.user().then(() => alice.project());
  const [ofJob, ofProject, ofOther] = await Promise.all([
    listen(alice, { about: { job } }),
    listen(alice, { about: { project: track.project as string } }),
    listen(alice, { about: { project: other.id } }),
  ]);
  const another = await arrived(alice);
  await works(whole);
  await ofJob.over;
  expect(ofJob.told.filter(({ data }) => data.id === another.id)).toEqual([]);
  await works(whole); // its own job
  const jobs = ofJob.told.filter(({ event }) => event === 'job.updated');
  expect(statusesOf(jobs)).toEqual(['RUNNING', 'COMPLETED']);
  // What the job made is about it, too.
  expect(ofJob.told.at(-3)?.event).toBe('track.ready');
  expect(ofJob.told.at(-1)).toMatchObject({ event: 'end', data: { reason: 'JOB_ENDED' } });
  await until('the project is told of', () => named(ofProject.told, 'track.ready').length === 1);
  expect(ofOther.told).toEqual([]);
  const late = await listen(alice, { about: { job } });
  await late.over;
  expect(late.told).toMatchObject([{ event: 'end', data: { reason: 'JOB_ENDED' } }]);
  ofProject.close();
  ofOther.close();
});

test('a stream ends within 5 s of the session that opened it', async () => {
  const alice = await given.user();
  const stream = await listen(alice);
  await alice.call('POST', '/v1/auth/logout', { refreshToken: alice.refreshToken });
  const since = performance.now();
  await stream.over;
  expect(stream.told.at(-1)).toMatchObject({ event: 'end', data: { reason: 'SIGNED_OUT' } });
  expect(performance.now() - since).toBeLessThan(10_000);
});

test('a ticket that is not ours, changed, or of a session that has ended opens nothing', async () => {
  const alice = await given.user();
  const url = await getTicket(alice);
  const changed = url.replace(/.(?=....$)/, (c) => (c === 'A' ? 'B' : 'A'));
  const without = url.replace(/\?.*/, '');
  await alice.call('POST', '/v1/auth/logout', { refreshToken: alice.refreshToken });
  for (const refused of [changed, without, url]) {
    const response = await fetch(refused);
    const { code } = (await response.json()) as { code: string };
    expect([response.status, code]).toEqual([401, 'UNAUTHENTICATED']);
  }
});

test('an id that is none is refused by name; other methods are, too', async () => {
  const url = await getTicket(await given.user());
  const refused = await fetch(`${url}&after=x`);
  const { errors } = (await refused.json()) as { errors: { path: string }[] };
  expect([refused.status, errors.map(({ path }) => path)]).toEqual([400, ['after']]);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
});

test('a place that there is no more is told by a reset, and news go on from there', async () => {
  const alice = await given.user();
  await processed(alice);
  const stream = await listen(alice, { after: 1000 });
  await until('it is reset', () => named(stream.told, 'reset').length === 1);
  await processed(alice);
  await until('news go on', () => named(stream.told, 'track.ready').length === 1);
  stream.close();
});

test('an account has so many streams open at once; one more is refused, until one of them is closed', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const first = await listen(alice);
  // All but one of those that it may have are open elsewhere.
  const elsewhere = times(MOST_STREAMS - 1, () => ({
    id: newId(Date.now()).toString(),
    until: new Date(Date.now() + 3_600_000),
  }));
  const head = { user: new UUID(alice.id) };
  await EventHead.collection.updateOne(head, { $push: { streams: { $each: elsewhere } } } as never);
  const refused = await fetch(await getTicket(alice));
  const { code, detail } = (await refused.json()) as { code: string; detail: string };
  expect([refused.status, code, refused.headers.get('retry-after')]).toEqual([
    ...[429, 'RATE_LIMITED', '20'],
  ]);
  expect(detail).toContain(`${MOST_STREAMS} event streams`);
  const his = await listen(bob);
  expect(his.response.status).toBe(200);
  first.close();
  const next = await until('there is room again', async () => {
    const stream = await listen(alice);
    return stream.response.ok && stream;
  });
  next.close();
  his.close();
});

test('a ticket about what is somebody else’s, or not there, is refused with both faults', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const { job, track } = await processed(alice);
  const body = { job, project: track.project };
  const refused = await bob.call<{ errors: { path: string }[] }>(
    'POST',
    '/v1/events/tickets',
    body,
  );
  expect([refused.status, refused.body.errors.map((e) => e.path)]).toEqual([
    422,
    ['job', 'project'],
  ]);
});
