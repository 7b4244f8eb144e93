import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { auditEvents } from '../../functions/audit-events.ts';
import { systemCtx } from '../../src/context.ts';
import type { Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { LooseEvent } from '../../src/models/audit/loose-event.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain, hashEvent } from '../../src/services/audit/chain.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given, PASSWORD } from '../harness/given.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

type Page = { data: Doc[] };

conforms(auditEvents, {
  make: async (person) => {
    const { headers } = await person.patch('/v1/users/me', { bio: 'Written.' });
    const requestId = headers.get('x-request-id');
    await appendToChain(systemCtx('test'));
    const { body } = await person.get<Page>('/v1/audit-events?action=update');
    return body.data.find((e) => e.requestId === requestId) as Doc;
  },
});

test('the audit events of an account contain no password and no token, whatever was done with them', async () => {
  const alice = await given.user();
  await alice.signsIn();
  await alice.refreshes();
  const newPassword = 'another horse, another staple';
  await alice.post('/v1/auth/password', { currentPassword: PASSWORD, newPassword });
  const { body, text } = await until('the end of the other session is audited', async () => {
    await appendToChain(systemCtx('test'));
    const answer = await alice.get<Page>('/v1/audit-events?limit=100');
    return answer.body.data.some((e) => e.action === 'delete') && answer;
  });
  const actions = body.data.map((e) => e.action);
  const expected = ['register', 'sign-in', 'login', 'refresh', 'change-password'];
  expect(actions).toEqual(expect.arrayContaining(expected));
  expect(text).not.toMatch(/argon2|hashedPassword|refreshTokenHash|staple/);
});

test('what a worker does to a track is audited within 5 s, too', async () => {
  const alice = await given.user();
  const track = await alice.uploads(Buffer.from('no music at all'));
  await alice.waitsFor(track, 'FAILED');
  const actions = await until(
    'the failure is audited',
    async () => {
      const { body } = await alice.get<Page>(`/v1/audit-events?document=${track.id}`);
      return body.data.length === 3 && body.data.map((e) => [e.action, e.actor]);
    },
    5000,
  );
  expect(actions).toEqual([
    ['fail', { kind: 'SYSTEM', name: 'run-jobs' }],
    ['upload', { kind: 'SYSTEM', name: 'media-uploaded' }],
    ['create', { kind: 'USER', id: alice.id }],
  ]);
});

test('an administrator sees all events, and filters them', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const project = await alice.project();
  await appendToChain(systemCtx('test'));
  const { body } = await root.get<Page>(`/v1/audit-events?document=${project.id}`);
  expect(body.data.map((e) => e.action)).toEqual(['create']);
  for (const query of ['entity=Project', 'action=create', 'limit=100&sort=createdAt']) {
    expect((await root.get<Page>(`/v1/audit-events?${query}`)).body.data.length).toBeGreaterThan(0);
  }
});

test('several processes appending at once make one chain without gaps, whose hashes verify', async () => {
  const alice = await given.user();
  for (let round = 0; round < 5; round++) {
    const projects = await Promise.all(times(5, () => alice.project()));
    const writes = [
      ...times(20, (n) => alice.patch('/v1/users/me', { bio: `${round} ${n}` })),
      // Their events wait apart from their documents.
      ...projects.map(({ id }) => alice.delete(`/v1/projects/${id}`)),
    ];
    const appending = times(4, () => appendToChain(systemCtx('test')));
    await Promise.all([...writes, ...appending]);
  }
  await until('all is in the chain', async () => {
    await appendToChain(systemCtx('test'));
    return (await LooseEvent.collection.countDocuments()) === 0;
  });
  const mine = { user: new UUID(alice.id), entity: 'User', action: 'update' };
  expect(await AuditEvent.collection.countDocuments(mine)).toBe(100);
  const chain = AuditEvent.collection.find({}, { sort: { sequence: 1 } });
  let [sequence, previousHash] = [0, ''];
  for await (const event of chain) {
    expect(event.sequence).toBe(++sequence);
    expect(event.previousHash).toBe(previousHash);
    // The tests above move times of their own events about: content is looked at in this one's.
    if (String(event.user) === alice.id) {
      expect(event.hash).toBe(hashEvent(event, sequence, previousHash));
      const tampered = { ...event, action: 'tampered' };
      expect(hashEvent(tampered, sequence, previousHash)).not.toBe(event.hash);
    }
    previousHash = event.hash;
  }
  expect(sequence).toBeGreaterThan(100);
});

test('a document can be deleted while its audit entries are appended to the chain; each entry is there once', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  await appendToChain(systemCtx('test'));
  await alice.patch(`/v1/projects/${id}`, { name: 'Second' });
  // As if the run were cut off: the event is there, and its entry still in the document.
  const { outbox } = (await Project.collection.findOne({ _id: new UUID(id) })) as Stored;
  await appendToChain(systemCtx('test'));
  await Project.collection.updateOne({ _id: new UUID(id) }, { $set: { outbox } });
  expect((await alice.delete(`/v1/projects/${id}`)).status).toBe(204);
  await appendToChain(systemCtx('test'));
  const { body } = await alice.get<Page>(`/v1/audit-events?document=${id}`);
  expect(body.data.map((e) => e.action)).toEqual(['delete', 'update', 'create']);
});

test('an event that another process has appended first leaves no gap in the chain', async () => {
  const alice = await given.user();
  const [one, other] = [await alice.project(), await alice.project()];
  await appendToChain(systemCtx('test'));
  expect((await alice.delete(`/v1/projects/${one.id}`)).status).toBe(204);
  const { collection } = AuditEvent;
  // It has read what waits, the deletion and a change; before it looks for the end of the chain, somebody
  // appends the deletion, who looked before the change was made.
  const findOne = collection.findOne.bind(collection);
  const which = { _id: new UUID(other.id) };
  const asked = vi.spyOn(collection, 'findOne').mockImplementationOnce(async (...args) => {
    const { outbox } = (await Project.collection.findOne(which)) as Stored;
    await Project.collection.updateOne(which, { $unset: { outbox: 1 } });
    await appendToChain(systemCtx('faster'));
    await Project.collection.updateOne(which, { $set: { outbox } });
    return findOne(...(args as Parameters<typeof findOne>));
  });
  await alice.patch(`/v1/projects/${other.id}`, { name: 'Later' });
  await appendToChain(systemCtx('slower'));
  asked.mockRestore();
  await appendToChain(systemCtx('test'));
  const chain = await collection.find({}, { sort: { sequence: 1 } }).toArray();
  expect(chain.map(({ sequence }) => sequence)).toEqual(chain.map((_, i) => i + 1));
  expect(chain.map(({ previousHash }) => previousHash)).toEqual([
    ...['', ...chain.map(({ hash }) => hash)].slice(0, -1),
  ]);
});

test('an entry that makes no valid event is recorded all the same, and the chain continues after it', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  await appendToChain(systemCtx('test'));
  const entry = { id: newId(Date.now()), at: new Date(), actor: { kind: 'NOBODY' }, changes: [] };
  const outbox = [{ ...entry, action: 'x'.repeat(100), requestId: '' }];
  await Project.collection.updateOne({ _id: new UUID(id) }, { $set: { outbox } });
  await alice.patch(`/v1/projects/${id}`, { name: 'Second' });
  await appendToChain(systemCtx('test'));
  const events = AuditEvent.collection.find({ document: new UUID(id) }).sort({ sequence: 1 });
  const actions = (await events.toArray()).map(({ action }) => action);
  expect(actions).toEqual(['create', 'x'.repeat(100), 'update']);
});

test('an entry whose run was cut off after appending it is in the chain once, and waits no longer', async () => {
  const alice = await given.user();
  const which = { _id: new UUID((await alice.project()).id) };
  const { outbox } = (await Project.collection.findOne(which)) as Stored;
  await appendToChain(systemCtx('test'));
  await Project.collection.updateOne(which, { $set: { outbox } });
  await appendToChain(systemCtx('test'));
  expect(await AuditEvent.collection.countDocuments({ document: which._id })).toBe(1);
  expect((await Project.collection.findOne(which))?.outbox).toEqual([]);
});

test('a user reads no event of another', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const { id } = await alice.project();
  await appendToChain(systemCtx('test'));
  const path = `/v1/audit-events?document=${id}`;
  const [event] = (await alice.get<Page>(path)).body.data;
  expect(event).toMatchObject({ document: id });
  expect((await bob.get<Page>(path)).body.data).toEqual([]);
  expect((await bob.get(`/v1/audit-events/${event?.id}`)).status).toBe(404);
});
