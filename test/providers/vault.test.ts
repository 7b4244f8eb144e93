import { vi } from 'vitest';

const kms = await vi.hoisted(async () => (await import('../harness/kms.ts')).startKms());

import '../harness/place.ts';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { decryptValue, encryptValue } from '../../src/data/cipher.ts';
import { nameObject } from '../../src/data/data-keys.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { DataKey } from '../../src/models/crypto/data-key.ts';
import { storeKey } from '../../src/providers/key-store.ts';
import { makeWrappedKey, unwrapKey } from '../../src/providers/key-wrapping.ts';
import { passTime } from '../harness/clocks.ts';
import { type Doc, given } from '../harness/given.ts';
import { times } from '../harness/times.ts';

const place = { entity: 'Safe', path: 'key', document: 'd', user: 'u' };
const ctx = systemCtx('test');
const passMinutes = (minutes: number) => passTime(minutes * 60_000);

beforeEach(() => {
  kms.fails = undefined;
  kms.calls.length = 0;
});
afterAll(() => kms.stop());

test('in the cloud KMS wraps a data key, which can be unwrapped only under its own name and subject', async () => {
  const wrapped = await makeWrappedKey({ id: 'one', subject: 'u' });
  expect(wrapped.wrapper).toBe(kms.arn);
  const key = await unwrapKey({ id: 'one', subject: 'u' }, wrapped);
  expect(key).toHaveLength(32);
  expect(Buffer.from(wrapped.wrapped).includes(key)).toBe(false);
  for (const name of [{ id: 'two', subject: 'u' }, { id: 'one', subject: 'v' }, { id: 'one' }]) {
    await expect(unwrapKey(name, wrapped)).rejects.toMatchObject({ code: 'UNREADABLE' });
  }
  const context = { service: 'mixdown', stage: 'local', sealingKey: 'one', subject: 'u' };
  expect(kms.calls[0]).toEqual({ operation: 'GenerateDataKey', context });
});

test('100 encryptions at once cost two KMS calls, and one more after the key has been cached for five minutes', async () => {
  const values = times(100, (n) => ({ n, text: 'CANARY' }));
  const encrypted = await Promise.all(values.map((v) => encryptValue(ctx, place, v)));
  expect(kms.calls.map((c) => c.operation)).toEqual(['GenerateDataKey', 'Decrypt']);
  passMinutes(4);
  expect(await Promise.all(encrypted.map((s) => decryptValue(ctx, place, s)))).toEqual(values);
  expect(kms.calls).toHaveLength(2);
  passMinutes(2);
  expect(await Promise.all(encrypted.map((s) => decryptValue(ctx, place, s)))).toEqual(values);
  expect(kms.calls).toHaveLength(3);
  expect(await DataKey.collection.countDocuments()).toBe(1);
});

test('an unreachable KMS is answered with 503 and asked again next time; a refusal by KMS is an error of ours', async () => {
  passMinutes(6);
  const encrypted = await encryptValue(ctx, place, 'CANARY');
  passMinutes(6);
  kms.fails = { status: 500, name: 'KMSInternalException' };
  await expect(decryptValue(ctx, place, encrypted)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  kms.fails = { status: 400, name: 'ThrottlingException' };
  await expect(decryptValue(ctx, place, encrypted)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  kms.fails = { status: 400, name: 'AccessDeniedException' };
  await expect(decryptValue(ctx, place, encrypted)).rejects.toMatchObject({
    code: 'UNREADABLE',
  });
  kms.fails = undefined;
  expect(await decryptValue(ctx, place, encrypted)).toBe('CANARY');
});

test('a data key wrapped by another master key, or under another name, cannot be unwrapped', async () => {
  passMinutes(6);
  const encrypted = await encryptValue(ctx, place, 'CANARY');
  const [kept] = await DataKey.collection.find().toArray();
  const other = await makeWrappedKey({ id: newId(Date.now()).toString(), subject: 'u' });
  await storeKey(nameObject('u', kept?._id as UUID), other);
  passMinutes(6);
  await expect(decryptValue(ctx, place, encrypted)).rejects.toMatchObject({
    code: 'UNREADABLE',
  });
});

test('a page of many owners asks KMS once for the key of each in five minutes', async () => {
  const owners = ['a', 'b', 'c'].map((user) => ({ ...place, user }));
  const of = (n: number) => owners[n % 3] as typeof place;
  const encrypted = await Promise.all(times(99, (n) => encryptValue(ctx, of(n), n)));
  passMinutes(6);
  kms.calls.length = 0;
  const read = () => Promise.all(encrypted.map((bytes, n) => decryptValue(ctx, of(n), bytes)));
  expect(await read()).toEqual(times(99, (n) => n));
  passMinutes(4);
  await read();
  expect(kms.calls.map(({ context }) => context.subject).toSorted()).toEqual(['a', 'b', 'c']);
});

test('reading pages over HTTP asks KMS once for the key of their owner in five minutes', async () => {
  const alice = await given.user();
  const graph = { 1: { class_type: 'CLIPTextEncode', inputs: { text: 'a lighthouse' } } };
  const make = () => alice.post('/v1/comfyui/workflows', { name: 'A workflow', graph });
  expect((await Promise.all(times(12, make))).map(({ status }) => status)).toEqual(
    times(12, () => 201),
  );
  passMinutes(6);
  kms.calls.length = 0;
  const read = () => alice.get<{ data: Doc[] }>('/v1/comfyui/workflows?limit=12');
  for (const { body } of await Promise.all(times(5, read)))
    expect(body.data.map((workflow) => workflow.graph)).toEqual(times(12, () => graph));
  passMinutes(4);
  await read();
  const own = kms.calls.filter(({ context }) => context.subject === alice.id);
  expect(own.map(({ operation }) => operation)).toEqual(['Decrypt']);
});

test('what belongs to nobody is under a key of the stage', async () => {
  passMinutes(6);
  kms.calls.length = 0;
  const encrypted = await encryptValue(ctx, { ...place, user: '' }, 'CANARY');
  expect(await decryptValue(ctx, { ...place, user: '' }, encrypted)).toBe('CANARY');
  // The audit log, which is written meanwhile, asks for keys of its own and of the user above.
  const subjects = kms.calls.map(({ context }) => context.subject);
  expect(subjects).toContain('stage');
  expect(subjects).not.toContain('');
});
