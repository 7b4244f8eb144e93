import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { LooseEvent } from '../../src/models/audit/loose-event.ts';
import { Project } from '../../src/models/projects/project.ts';
import { storeKey } from '../../src/providers/key-store.ts';
import { makeWrappedKey } from '../../src/providers/key-wrapping.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { verifyAudit } from '../../src/services/audit/verify.ts';
import { endKeys } from '../../src/services/crypto/rotate.ts';
import { passTime } from '../harness/clocks.ts';
import { given } from '../harness/given.ts';
import { listStoredKeys } from '../harness/key-bucket.ts';
import { place } from '../harness/place.ts';
import { makeEvents, subjectIn } from './make-events.ts';

place({ worker: false });

const ctx = systemCtx('test');
const CHAIN = 7;

test('who has thousands of entries waiting keeps those of others in the same chain waiting for no more than a batch', async () => {
  const [crowd, other] = [subjectIn(CHAIN), subjectIn(CHAIN)];
  await LooseEvent.collection.insertMany([...makeEvents(crowd, 3000), ...makeEvents(other, 20)]);
  await appendToChain(ctx);
  const places = await AuditEvent.collection.find({ user: other }).sort({ sequence: 1 }).toArray();
  expect(places).toHaveLength(20);
  expect(places.at(-1)?.sequence).toBeLessThanOrEqual(500);
  expect(await AuditEvent.collection.countDocuments({ user: crowd })).toBe(3000);
  // Each subject's own entries are in their order.
  const changes = await AuditEvent.collection.find({ user: crowd }).sort({ sequence: 1 }).toArray();
  const ids = changes.map(({ _id }) => String(_id));
  expect(ids).toEqual(ids.toSorted());
});

test('a subject whose data key is damaged keeps nobody else waiting; once it has a new one, its entries follow', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  await appendToChain(ctx);
  const [name] = await listStoredKeys(`users/${alice.id}/`);
  const foreign = await makeWrappedKey({ id: 'another', subject: alice.id });
  await storeKey(name as string, foreign);
  passTime(6 * 60_000); // another process, which has cached nothing
  // More than a batch of hers, and all before his.
  await LooseEvent.collection.insertMany(makeEvents(new UUID(alice.id), 600));
  const [hers, his] = [await alice.project(), await bob.project()];

  await expect(appendToChain(ctx)).rejects.toThrow('entries of 1 subjects wait');
  const of = (id: string) => AuditEvent.collection.countDocuments({ document: new UUID(id) });
  expect([await of(hers.id), await of(his.id)]).toEqual([0, 1]);
  expect(await LooseEvent.collection.countDocuments()).toBe(600);
  const waiting = { 'outbox.0': { $exists: true } };
  expect(await Project.collection.countDocuments(waiting)).toBe(1);

  await endKeys(ctx, alice.id);
  passTime(6 * 60_000);
  expect(await appendToChain(ctx)).toBe(601);
  expect(await of(hers.id)).toBe(1);
  expect((await verifyAudit(ctx)).faults).toEqual([]);
});
