import { vi } from 'vitest';

const kms = await vi.hoisted(async () => (await import('../harness/kms.ts')).startKms());

import '../harness/place.ts';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { decryptValue, encryptValue } from '../../src/data/cipher.ts';
import { newId } from '../../src/data/ids.ts';
import { DataKey } from '../../src/models/crypto/data-key.ts';
import { makeWrappedKey, unwrapKey } from '../../src/providers/key-wrapping.ts';
import { passTime } from '../harness/clocks.ts';
import { times } from '../harness/times.ts';

const place = { entity: 'Safe', path: 'key', document: 'd', user: 'u' };
const ctx = systemCtx('test');
const passMinutes = (minutes: number) => passTime(minutes * 60_000);

beforeEach(() => {
  kms.fails = undefined;
  kms.calls.length = 0;
});
afterAll(() => kms.stop());

test('in the cloud KMS wraps a data key, which can be unwrapped only under its own name', async () => {
  const wrapped = await makeWrappedKey('one');
  expect(wrapped.wrapper).toBe(kms.arn);
  const key = await unwrapKey('one', wrapped);
  expect(key).toHaveLength(32);
  expect(Buffer.from(wrapped.wrapped).includes(key)).toBe(false);
  await expect(unwrapKey('two', wrapped)).rejects.toMatchObject({ code: 'UNREADABLE' });
  const context = { service: 'mixdown', stage: 'local', sealingKey: 'one' };
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
  const other = await makeWrappedKey(newId(Date.now()).toString());
  const swap = { wrapped: Buffer.from(other.wrapped) };
  await DataKey.collection.updateOne({ _id: kept?._id }, { $set: swap });
  passMinutes(6);
  await expect(decryptValue(ctx, place, encrypted)).rejects.toMatchObject({
    code: 'UNREADABLE',
  });
});
