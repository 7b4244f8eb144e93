import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { encode } from '../../src/data/bson.ts';
import { database } from '../../src/data/connection.ts';
import type { Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { LooseEvent } from '../../src/models/audit/loose-event.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { verifyAudit } from '../../src/services/audit/verify.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';
import { makeEvents, subjectIn } from './make-events.ts';

place({ worker: false });

type Page = { data: Doc[] };

test('several processes appending at once make chains without gaps, which verify', async () => {
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
  const { entries, faults } = await verifyAudit(systemCtx('test'));
  expect(faults).toEqual([]);
  expect(entries).toBeGreaterThan(100);
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
  const aggregate = collection.aggregate.bind(collection);
  const which = { _id: new UUID(other.id) };
  const between = async () => {
    const { outbox } = (await Project.collection.findOne(which)) as Stored;
    await Project.collection.updateOne(which, { $unset: { outbox: 1 } });
    await appendToChain(systemCtx('faster'));
    await Project.collection.updateOne(which, { $set: { outbox } });
  };
  const asked = vi
    .spyOn(collection, 'aggregate')
    .mockImplementationOnce(
      (...args) => ({ toArray: () => between().then(() => aggregate(...args).toArray()) }) as never,
    );
  await alice.patch(`/v1/projects/${other.id}`, { name: 'Later' });
  await appendToChain(systemCtx('slower'));
  asked.mockRestore();
  await appendToChain(systemCtx('test'));
  const documents = { document: { $in: [which._id, new UUID(one.id)] } };
  expect(await collection.countDocuments(documents)).toBe(4);
  expect((await verifyAudit(systemCtx('test'))).faults).toEqual([]);
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
  const { body } = await alice.get<Page>(`/v1/audit-events?document=${id}&sort=createdAt`);
  expect(body.data.map((e) => e.action)).toEqual(['create', 'invalid-entry', 'update']);
  expect(JSON.stringify(body.data[1]?.changes)).toContain('x'.repeat(100));
  expect((await verifyAudit(systemCtx('test'))).faults).toEqual([]);
});

test('an entry whose run was cut off after appending it is in the chain once, and neither it nor what came later waits any longer', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const which = { _id: new UUID(id) };
  const { outbox } = (await Project.collection.findOne(which)) as Stored;
  await appendToChain(systemCtx('test'));
  await Project.collection.updateOne(which, { $set: { outbox } });
  await alice.patch(`/v1/projects/${id}`, { name: 'Later' });
  await appendToChain(systemCtx('test'));
  expect(await AuditEvent.collection.countDocuments({ document: which._id })).toBe(2);
  expect((await Project.collection.findOne(which))?.outbox).toEqual([]);
});

test('values and addresses of an event nobody reads in the database, and its owner does by the API', async () => {
  const alice = await given.user();
  const { id } = await alice.project({ name: 'CANARY-name' });
  await appendToChain(systemCtx('test'));
  const stored = (await AuditEvent.collection.findOne({ document: new UUID(id) })) as Stored;
  expect(Object.keys(stored.changes)).toEqual(['bytes']);
  expect(Object.keys(stored.ip)).toEqual(['bytes']);
  for (const text of ['CANARY-name', '127.0.0.1'])
    expect(Buffer.from(encode(stored)).includes(text)).toBe(false);
  const { body } = await alice.get<Page>(`/v1/audit-events?document=${id}`);
  expect(body.data).toMatchObject([{ changes: { name: [null, 'CANARY-name'] }, ip: '127.0.0.1' }]);
});

test('a document that somebody holds in a transaction keeps nothing else from its chain', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const [held, other] = [await alice.project(), await bob.project()];
  const session = database().client.startSession();
  session.startTransaction();
  const _id = new UUID(held.id);
  await Project.collection.updateOne({ _id }, { $set: { name: 'held' } }, { session });
  const began = performance.now();
  await appendToChain(systemCtx('test'));
  expect(performance.now() - began).toBeLessThan(10_000);
  const chained = { document: { $in: [_id, new UUID(other.id)] } };
  expect(await AuditEvent.collection.countDocuments(chained)).toBe(2);
  const waiting = Project.collection.find({ 'outbox.0': { $exists: true } });
  expect((await waiting.toArray()).map((document) => String(document._id))).toEqual([held.id]);
  await session.abortTransaction();
  await session.endSession();
  expect(await appendToChain(systemCtx('test'))).toBe(0);
  expect((await Project.collection.findOne({ _id }))?.outbox).toEqual([]);
});

test('a chain in which another run is always faster holds up no other chain', async () => {
  const events = [subjectIn(1), subjectIn(2)].flatMap((user) => makeEvents(user, 3));
  await LooseEvent.collection.insertMany(events);
  const { collection } = AuditEvent;
  const insertMany = collection.insertMany.bind(collection);
  const asked = vi.spyOn(collection, 'insertMany').mockImplementation((entries, options) => {
    // Its place is taken.
    const taken = entries.map((entry) => (entry.chain === 1 ? { ...entry, sequence: 1 } : entry));
    return insertMany(taken as typeof entries, options);
  });
  await appendToChain(systemCtx('test'));
  asked.mockRestore();
  const of = (chain: number) => collection.countDocuments({ chain, action: 'update' });
  expect(await of(2)).toBeGreaterThanOrEqual(3);
  await appendToChain(systemCtx('test'));
  expect(await LooseEvent.collection.countDocuments()).toBe(0);
  expect((await verifyAudit(systemCtx('test'))).faults).toEqual([]);
});

test('an error in one chain keeps none of the others waiting, and what is appended is metered', async () => {
  const [bad, good] = [subjectIn(3), subjectIn(4)];
  await appendToChain(systemCtx('test'));
  await LooseEvent.collection.insertMany([...makeEvents(bad, 2), ...makeEvents(good, 2)]);
  const { collection } = AuditEvent;
  const insertMany = collection.insertMany.bind(collection);
  const failing = vi
    .spyOn(collection, 'insertMany')
    .mockImplementation(async (entries, options) => {
      if (entries[0]?.chain === 3) throw new Error('It broke.');
      return insertMany(entries, options);
    });
  await expect(appendToChain(systemCtx('test'))).rejects.toThrow('It broke.');
  failing.mockRestore();
  const waiting = async (user: UUID) =>
    LooseEvent.collection.countDocuments({ 'event.user': user });
  const chained = async (user: UUID) => collection.countDocuments({ user });
  expect([await chained(bad), await chained(good)]).toEqual([0, 2]);
  expect(await LooseEvent.collection.countDocuments({})).toBe(2);
  await appendToChain(systemCtx('test'));
  expect([await chained(bad), await waiting(bad), await waiting(good)]).toEqual([2, 0, 0]);
});
