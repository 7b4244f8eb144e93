import '../harness/place.ts';
import { createSecretKey } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/canonical-json.ts';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { encryptWithDataKey } from '../../src/crypto/data-key.ts';
import { encode, readBytes } from '../../src/data/bson.ts';
import { decryptField } from '../../src/data/encrypted-fields.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { insert, update } from '../../src/data/write.ts';
import { DataKey } from '../../src/models/crypto/data-key.ts';
import { RunPodExecution } from '../../src/models/generation/runpod/execution.ts';
import { MailToken } from '../../src/models/index.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { loadKey, storeKey } from '../../src/providers/key-store.ts';
import { makeWrappedKey, unwrapKey, type WrappedKey } from '../../src/providers/key-wrapping.ts';
import { startRenewalIfDue } from '../../src/services/crypto/due.ts';
import { forgetUser } from '../../src/services/crypto/forget.ts';
import { renewDocument } from '../../src/services/crypto/renew-document.ts';
import { type RenewalResult, startRenewal } from '../../src/services/crypto/renew-job.ts';
import { renewRange } from '../../src/services/crypto/renew-range.ts';
import { BACKUPS } from '../../src/services/crypto/retire.ts';
import { endKeys } from '../../src/services/crypto/rotate.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { adminCollection } from '../harness/admin.ts';
import { passTime } from '../harness/clocks.ts';
import { given } from '../harness/given.ts';
import { listStoredKeys } from '../harness/key-bucket.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const MINUTE = 60_000;
const unreadable = { code: 'UNREADABLE' };
const at = (ms: number): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
const ctx = systemCtx('test');

/** Runs a renewal to its end, so many ms from now. */
async function renew(ms = 0): Promise<RenewalResult> {
  const { _id } = await startRenewal(at(ms));
  while ((await workOnce(at(ms), jobTypes, () => 900_000)) !== 'IDLE');
  const job = await Job.collection.findOne({ _id });
  expect(job).toMatchObject({ status: 'COMPLETED' });
  return job?.result as RenewalResult;
}

const write = (user: UUID, n: number, input: object = { n }) =>
  insert(ctx, RunPodExecution, {
    ...{ user, configuration: new UUID(), endpointId: `e${n}`, input },
  });
const find = (user: UUID) => RunPodExecution.collection.find({ user }).sort({ _id: 1 }).toArray();
const read = (document: object) => decryptField(ctx, RunPodExecution, document as never, 'input');
const keyOf = (document: object) => {
  const { input } = document as { input: { bytes: mongo.Binary } };
  const bytes = readBytes(input.bytes);
  return new UUID(bytes.subarray(1, 17)).toString();
};

/** Ends the keys in use, so long ago that no process can encrypt under them any longer. */
async function endLongAgo(user: UUID): Promise<void> {
  await endKeys(at(-20 * MINUTE), user.toString());
  passTime(6 * MINUTE);
}

test('a renewal brings all under the newest key, and changes nothing else of a document', async () => {
  const user = new UUID();
  await Promise.all(times(120, (n) => write(user, n)));
  const before = await find(user);
  await endLongAgo(user);
  const result = await renew();
  expect(result).toMatchObject({ renewed: 120, unreadable: 0 });
  const after = await find(user);
  expect(new Set(after.map(keyOf)).size).toBe(1);
  expect(keyOf(after[0] as object)).not.toBe(keyOf(before[0] as object));
  expect(after.map(({ input, ...rest }) => rest)).toEqual(before.map(({ input, ...rest }) => rest));
  expect(await Promise.all(after.map(read))).toEqual(await Promise.all(before.map(read)));
  expect(await renew()).toMatchObject({ renewed: 0 });
});

test('others read and write meanwhile: none fails, and no write is lost', async () => {
  const user = new UUID();
  const made = await Promise.all(times(300, (n) => write(user, n)));
  await endLongAgo(user);
  const written = new Map<string, number>();
  let isOver = false;
  const client = async (offset: number) => {
    for (let n = offset; !isOver; n = (n + 7) % made.length) {
      const _id = made[n]?._id as UUID;
      const found = await RunPodExecution.collection.findOne({ _id });
      await read(found as object);
      const value = n + 1000 * (1 + (written.get(`${_id}`) ?? 0));
      if (n % 4 !== offset) continue; // each document has one writer
      await update(ctx, RunPodExecution, { _id }, { set: { input: { n: value } } });
      written.set(`${_id}`, value);
    }
  };
  const clients = times(4, client);
  const renewed = await renew();
  isOver = true;
  await Promise.all(clients);
  expect(written.size).toBeGreaterThan(0);
  expect(renewed.unreadable).toBe(0);
  for (const document of await find(user)) {
    const last = written.get(`${document._id}`);
    const { n } = (await read(document)) as { n: number };
    if (last !== undefined) expect(n).toBe(last);
  }
  expect(new Set((await find(user)).map(keyOf)).size).toBe(1);
});

test('what somebody has written since it was read is left to him', async () => {
  const user = new UUID();
  const { _id } = await write(user, 1);
  await endLongAgo(user);
  const [before] = await find(user);
  await update(ctx, RunPodExecution, { _id }, { set: { input: { n: 2 } } });
  expect(await renewDocument(ctx, RunPodExecution, before as never)).toBe('CHANGED');
  expect(await read((await find(user))[0] as object)).toEqual({ n: 2 });
});

test('a part that was stopped begins again, and does what is left', async () => {
  const user = new UUID();
  await Promise.all(times(200, (n) => write(user, n)));
  await endLongAgo(user);
  const stop = new AbortController();
  const range = { entity: 'RunPodExecution' };
  const stopped = renewRange(ctx, range, stop.signal).catch((error: Error) => error.name);
  while ((await DataKey.collection.countDocuments({ subject: `${user}` })) < 2) await setTimeout(1);
  stop.abort();
  expect(await stopped).toBe('AbortError');
  const once = (await find(user)).map(keyOf);
  const current = once.find((key) => key !== once.at(-1));
  const { renewed } = await renewRange(ctx, range, new AbortController().signal);
  const left = current ? once.filter((key) => key !== current).length : 200;
  expect(renewed).toBe(left);
  expect(new Set((await find(user)).map(keyOf)).size).toBe(1);
});

test('a subject whose newest key is damaged keeps those of others from nothing', async () => {
  const [user, other] = [new UUID(), new UUID()];
  await Promise.all([write(user, 1), write(other, 2)]);
  const [name] = await listStoredKeys(`users/${user}/`);
  const whole = await loadKey(name as string);
  await storeKey(name as string, await makeWrappedKey({ id: 'another', subject: `${user}` }));
  await endLongAgo(other);
  expect(await renew()).toMatchObject({ renewed: 1, unreadable: 1 });
  const [document] = await find(other);
  expect(await read(document as object)).toEqual({ n: 2 });
  // Once the object is put back, what it encrypted is read as ever.
  await storeKey(name as string, whole as WrappedKey);
  const [hers] = await find(user);
  expect(await read(hers as object)).toEqual({ n: 1 });
});

test('a key goes once two renewals have found nothing under it, 35 days apart; none that is needed', async () => {
  const [user, other] = [new UUID(), new UUID()];
  const [mine] = [await write(user, 1), await write(other, 2)];
  const backup = await RunPodExecution.collection.findOne({ _id: mine._id });
  const [old] = await listStoredKeys(`users/${user}/`);
  await endLongAgo(user);

  expect(await renew()).toMatchObject({ renewed: 1, destroyed: 0 });
  await renew(MINUTE);
  expect(await listStoredKeys(`users/${user}/`)).toHaveLength(2);
  // A backup of before is restored: its key is needed once more.
  await adminCollection(RunPodExecution).replaceOne({ _id: mine._id }, backup as never);
  expect(await read(backup as object)).toEqual({ n: 1 });
  const noted = () => DataKey.collection.countDocuments({ unneededAt: { $exists: true } });
  expect(await noted()).toBeGreaterThan(0);
  await renew(BACKUPS + MINUTE);
  expect(await listStoredKeys(`users/${user}/`)).toContain(old);
  await renew(BACKUPS + 2 * MINUTE);
  await renew(BACKUPS + 3 * MINUTE);
  expect(await listStoredKeys(`users/${user}/`)).toContain(old);
  const { destroyed } = await renew(2 * BACKUPS + 4 * MINUTE);
  expect(destroyed).toBeGreaterThan(0);
  expect(await listStoredKeys(`users/${user}/`)).not.toContain(old);

  // What is put back now opens nowhere: it was rolled back to before a key that is retired.
  passTime(6 * MINUTE);
  await expect(read(backup as object)).rejects.toMatchObject(unreadable);
  for (const document of [...(await find(user)), ...(await find(other))]) await read(document);
});

test('a key is needed that only a copy of a document is under, or one that lies deep in another', async () => {
  const user = new UUID();
  const made = await write(user, 1);
  const stored = await RunPodExecution.collection.findOne({ _id: made._id });
  const [old] = await listStoredKeys(`users/${user}/`);
  await adminCollection(Job).insertOne(
    {
      _id: newId(Date.now()),
      result: { list: [{ of: stored }] },
    } as never,
    { bypassDocumentValidation: true },
  );
  await endLongAgo(user);
  for (const ms of [0, MINUTE, BACKUPS + 2 * MINUTE]) await renew(ms);
  expect(await listStoredKeys(`users/${user}/`)).toContain(old);
  await adminCollection(Job).deleteMany({ 'result.list': { $exists: true } });
});

test('what was under a shared key of before, or in clear, comes under the key of its owner', async () => {
  const user = new UUID((await given.user()).id);
  const id = newId(Date.now());
  const name = { id: id.toString() };
  const wrapped = await makeWrappedKey(name);
  const shared = {
    id: Buffer.from(id.buffer),
    key: createSecretKey(await unwrapKey(name, wrapped)),
  };
  const common = { createdAt: new Date(), updatedAt: new Date(), version: 1 };
  const wrapping = { wrapper: wrapped.wrapper, wrapped: Buffer.from(wrapped.wrapped) };
  await adminCollection(DataKey).insertOne({ _id: id, ...wrapping, ...common } as never);
  const under = (entity: string, path: string, document: UUID, value: unknown) => ({
    bytes: encryptWithDataKey(
      shared,
      encode({ v: value }),
      canonicalJson({ entity, path, document: document.toString(), user: user.toString() }),
    ),
  });
  const [token, execution] = [newId(Date.now()), newId(Date.now())];
  await adminCollection(MailToken).insertOne({
    ...{ _id: token, user, ...common, purpose: 'VERIFY_EMAIL', tokenHash: 'x' },
    email: under('MailToken', 'email', token, 'a@example.com'),
    ...{ credentialsVersion: 1, expiresAt: new Date(Date.now() + 3_600_000) },
  } as never);
  await adminCollection(RunPodExecution).insertOne(
    {
      ...{ _id: execution, user, ...common, configuration: new UUID(), endpointId: 'e' },
      ...{ status: 'IN_QUEUE', input: { prompt: 'CANARY' }, output: { text: 'CANARY' } },
    } as never,
    { bypassDocumentValidation: true },
  );
  const before = await MailToken.collection.findOne({ _id: token });
  expect(await decryptField(ctx, MailToken, before as never, 'email')).toBe('a@example.com');
  await expect(forgetUser(ctx, user)).rejects.toThrow('shared key');

  expect(await startRenewalIfDue(ctx)).toEqual({ started: true });
  await renew();
  passTime(6 * MINUTE);
  const [mail, run] = [
    await MailToken.collection.findOne({ _id: token }),
    await RunPodExecution.collection.findOne({ _id: execution }),
  ];
  const bytes = readBytes((mail as never as { email: { bytes: mongo.Binary } }).email.bytes);
  expect(bytes.subarray(1, 17)).not.toEqual(shared.id);
  expect(await decryptField(ctx, MailToken, mail as never, 'email')).toBe('a@example.com');
  expect(JSON.stringify(run)).not.toContain('CANARY');
  expect(await read(run as object)).toEqual({ prompt: 'CANARY' });
  // Until backups no longer need it; then it goes from the database, and forgetting is possible.
  for (const ms of [MINUTE, BACKUPS + 2 * MINUTE]) await renew(ms);
  expect(await DataKey.collection.findOne({ _id: id })).toBeNull();
  expect(await forgetUser(ctx, user)).toMatchObject({ keys: 1 });
});
