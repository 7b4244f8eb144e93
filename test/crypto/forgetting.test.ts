import '../harness/place.ts';
import { beforeAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { decryptField } from '../../src/data/encrypted-fields.ts';
import { type Entity, entities, type Stored } from '../../src/data/entity.ts';
import { UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { DataKey } from '../../src/models/crypto/data-key.ts';
import { RunPodExecution } from '../../src/models/generation/runpod/execution.ts';
import { User } from '../../src/models/index.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { makeCheckpoint } from '../../src/services/audit/checkpoints.ts';
import { verifyAudit } from '../../src/services/audit/verify.ts';
import { forgetUser } from '../../src/services/crypto/forget.ts';
import { adminCollection } from '../harness/admin.ts';
import { passTime } from '../harness/clocks.ts';
import { given, PASSWORD, type Person } from '../harness/given.ts';
import { listStoredKeys } from '../harness/key-bucket.ts';
import { api, place } from '../harness/place.ts';
import { stored } from '../harness/stored.ts';

place({ worker: false });

const ctx = systemCtx('test');
const unreadable = { code: 'UNREADABLE' };
const WORKFLOW = {
  name: 'A workflow',
  graph: { 1: { class_type: 'CLIPTextEncode', inputs: { text: 'CANARY of a prompt' } } },
};

/** All that the database holds, as a backup has it: each value of its own type, and in its order. */
async function dump(): Promise<Map<Entity, Stored[]>> {
  const all = [...entities.values()].map(
    async (entity): Promise<[Entity, Stored[]]> => [
      entity,
      await adminCollection(entity).find({}, { promoteValues: false }).toArray(),
    ],
  );
  return new Map(await Promise.all(all));
}

/** The database as it was: what is there now is gone. */
async function restore(backup: Map<Entity, Stored[]>): Promise<void> {
  for (const [entity, documents] of backup) {
    await adminCollection(entity).deleteMany({});
    if (documents.length > 0) await adminCollection(entity).insertMany(documents);
  }
}

const workflowOf = async (person: Person) =>
  (await person.post('/v1/comfyui/workflows', WORKFLOW)).body.id;
/** Past the check of answers: no operation documents that what is stored does not decrypt. */
async function read({ token }: Person, id: string) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${api}/v1/comfyui/workflows/${id}`, { headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const keysOf = ({ id }: Person) => listStoredKeys(`users/${id}/`);

let alice: Person;
let bob: Person;

beforeAll(async () => {
  [alice, bob] = await Promise.all([given.user(), given.user()]);
});

test('what is a user’s is under his own key, which is in the bucket of keys and not in the database', async () => {
  await Promise.all([workflowOf(alice), workflowOf(bob)]);
  const [ofAlice, ofBob] = await Promise.all([keysOf(alice), keysOf(bob)]);
  expect([ofAlice.length, ofBob.length]).toEqual([1, 1]);
  const known = await DataKey.collection.find({ subject: { $in: [alice.id, bob.id] } }).toArray();
  expect(known.map(({ subject, _id }) => `users/${subject}/${_id}`).sort()).toEqual(
    [...ofAlice, ...ofBob].sort(),
  );
  expect(known.filter((key) => 'wrapped' in key)).toEqual([]);
});

/** What the verifier says of the audit log, all of it appended and in a checkpoint before. */
async function verifyAll(isRestored = false) {
  await appendToChain(ctx);
  await makeCheckpoint(ctx, undefined, isRestored);
  const { faults, entries } = await verifyAudit(ctx);
  expect(entries).toBeGreaterThan(0);
  return faults;
}

test('a forgotten user’s ciphertexts open nowhere, not in a restored backup either; those of others do, and the audit chains verify throughout', async () => {
  const [id, other] = await Promise.all([workflowOf(alice), workflowOf(bob)]);
  expect(await verifyAll()).toEqual([]);
  const backup = await dump();
  expect(JSON.stringify([...backup.values()])).not.toContain('CANARY');

  expect(await forgetUser(ctx, new UUID(alice.id))).toEqual({ subject: alice.id, keys: 1 });
  expect(await keysOf(alice)).toEqual([]);
  expect(await verifyAll()).toEqual([]);
  const refused = await read(alice, id);
  expect(refused).toMatchObject({ status: 500, body: unreadable });
  expect((await read(bob, other)).body).toMatchObject({ graph: WORKFLOW.graph });

  await restore(backup);
  passTime(6 * 60_000); // another process, which has cached nothing
  expect(await verifyAll(true)).toEqual([]);
  const events = await AuditEvent.collection.find({ user: new UUID(alice.id) }).toArray();
  expect(events.length).toBeGreaterThan(0);
  for (const event of events) {
    await expect(decryptField(ctx, AuditEvent, event, 'changes')).rejects.toMatchObject(unreadable);
  }
  expect(await read(alice, id)).toMatchObject({ status: 500, body: unreadable });
  const account = await User.collection.findOne({ _id: new UUID(alice.id) });
  await expect(decryptField(ctx, User, account as never, 'hashedPassword')).rejects.toMatchObject(
    unreadable,
  );
  expect((await read(bob, other)).body).toMatchObject({ graph: WORKFLOW.graph });
  expect((await bob.signsIn(PASSWORD)).id).toBe(bob.id);
});

test('a key that is missing though the database names it keeps nobody from writing; forgetting goes on as ever', async () => {
  const eve = await given.user();
  const _id = new UUID(eve.id);
  const { collection } = DataKey;
  const before = await collection.find({ subject: eve.id }).toArray();
  const account = await User.collection.findOne({ _id });
  await forgetUser(ctx, _id);
  // As a backup has it that was made before.
  await collection.deleteMany({ subject: eve.id });
  await collection.insertMany(before);
  passTime(6 * 60_000);

  const id = await stored(RunPodExecution, eve, { input: { prompt: 'later' } });
  await appendToChain(ctx);
  expect(await AuditEvent.collection.countDocuments({ user: _id })).toBeGreaterThan(0);
  const later = await RunPodExecution.collection.findOne({ _id: new UUID(id) });
  expect(await decryptField(ctx, RunPodExecution, later as never, 'input')).toEqual({
    prompt: 'later',
  });
  await expect(decryptField(ctx, User, account as never, 'hashedPassword')).rejects.toMatchObject(
    unreadable,
  );

  expect(await forgetUser(ctx, _id)).toMatchObject({ keys: 1 });
  await expect(decryptField(ctx, RunPodExecution, later as never, 'input')).rejects.toMatchObject(
    unreadable,
  );
});

test('that it was done is in the audit log; done again it destroys nothing more', async () => {
  const carol = await given.user();
  const user = new UUID(carol.id);
  await forgetUser(ctx, user);
  expect(await forgetUser(ctx, user)).toMatchObject({ keys: 0 });
  await appendToChain(ctx);
  const events = await AuditEvent.collection.find({ user, action: 'forget-keys' }).toArray();
  expect(events).toMatchObject([{ entity: 'User', document: user }]);
});

test('what is written about a forgotten user afterwards is stored, and nobody can read it', async () => {
  const dora = await given.user();
  await forgetUser(ctx, new UUID(dora.id));
  const id = await stored(RunPodExecution, dora, { input: { prompt: 'CANARY' } });
  passTime(6 * 60_000);
  const late = await RunPodExecution.collection.findOne({ _id: new UUID(id) });
  await expect(decryptField(ctx, RunPodExecution, late as never, 'input')).rejects.toMatchObject(
    unreadable,
  );
  expect(await keysOf(dora)).toEqual([]);
});

test('a key that is made while its user is forgotten is never used', async () => {
  for (let round = 0; round < 10; round++) {
    const user = new UUID();
    const write = (n: number) =>
      insert(ctx, RunPodExecution, {
        ...{ user, configuration: new UUID(), endpointId: 'e', input: { n } },
      });
    const written = await Promise.all([
      write(1),
      forgetUser(ctx, user).then(() => undefined),
      write(2),
      forgetUser(ctx, user).then(() => write(3)),
    ]);
    await forgetUser(ctx, user); // destroys what nothing was encrypted under
    passTime(6 * 60_000);
    for (const document of written.filter((it) => it !== undefined)) {
      await expect(decryptField(ctx, RunPodExecution, document, 'input')).rejects.toMatchObject(
        unreadable,
      );
    }
    expect(await listStoredKeys(`users/${user}/`)).toEqual([]);
  }
});
