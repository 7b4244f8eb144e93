import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/canonical-json.ts';
import { decryptAesGcm, encryptAesGcm, NONCE } from '../../src/crypto/aes-gcm.ts';
import {
  decryptWithDataKey,
  encryptWithDataKey,
  readDataKeyId,
} from '../../src/crypto/data-key.ts';
import { deriveBytes } from '../../src/crypto/hkdf.ts';
import { isSameSignature, signHmac } from '../../src/crypto/hmac.ts';
import { decode, encode } from '../../src/data/bson.ts';

// What databases hold was written by these formats: a change of one would lose it.
const ID = Buffer.from('01980a3c5f007abc8def0123456789ab', 'hex');
const dataKey = { id: ID, key: createSecretKey(Buffer.alloc(32, 7)) };
const place = canonicalJson({ entity: 'Safe', path: 'key', document: 'd', user: 'u' });
const FIELD =
  'AQGYCjxfAHq8je8BI0VniasaS_0TPGzkYwq8OBnEM53NcXcEJaoX51rSacxwYOlrawyno9olw6g3AaMgO8xO5c1doEqDONmNIMXIlUvgdVYW8icKRQs';
const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
const WRAPPED = 'X-Kdad-NkBU-cEIVdacVwyqRFoIV3flJT9ZE5kJsTPHeOuj0-YMviSpHXDeaasc5-uxMOb6H1QeVuN-V';
const UNWRAPPED = 'dWRvNKJFAYVk8z0JrUgmbJoSdPP-GqBuErp7_Q3QBXk';

test('a field that was encrypted before decrypts, under its data key and in its place alone', () => {
  const stored = Buffer.from(FIELD, 'base64url');
  expect(readDataKeyId(stored)).toEqual(ID);
  expect(decode(decryptWithDataKey(dataKey, stored, place))).toEqual({ v: 'a secret' });
  expect(() => decryptWithDataKey(dataKey, stored, `${place} `)).toThrow();
  const other = { id: ID, key: createSecretKey(Buffer.alloc(32, 8)) };
  expect(() => decryptWithDataKey(other, stored, place)).toThrow();
});

test('what is no ciphertext of a known layout names no data key', () => {
  const stored = encryptWithDataKey(dataKey, encode({ v: 1 }), place);
  expect(readDataKeyId(stored)).toEqual(ID);
  expect(readDataKeyId(Buffer.concat([Buffer.of(2), stored.subarray(1)]))).toBeUndefined();
  expect(readDataKeyId(stored.subarray(0, 64))).toBeUndefined();
});

test('a data key that was wrapped under the app’s secret before unwraps', () => {
  const key = deriveBytes(SECRET, '', 'wrap app-secret-1', 32);
  const stored = Buffer.from(WRAPPED, 'base64url');
  const nonce = stored.subarray(0, NONCE);
  const encrypted = { ciphertext: stored.subarray(NONCE, -16), tag: stored.subarray(-16) };
  const unwrapped = decryptAesGcm(key, nonce, encrypted, Buffer.from('k1'));
  expect(unwrapped.toString('base64url')).toBe(UNWRAPPED);
});

test('a shortened tag is refused, and so is a signature of another length', () => {
  const key = Buffer.alloc(32, 1);
  const nonce = Buffer.alloc(NONCE);
  const { ciphertext, tag } = encryptAesGcm(key, nonce, Buffer.from('clear'));
  for (const length of [0, 4, 12]) {
    const short = { ciphertext, tag: tag.subarray(0, length) };
    expect(() => decryptAesGcm(key, nonce, short)).toThrow();
  }
  const signature = signHmac(key, 'content');
  expect(isSameSignature(signHmac(key, 'content'), signature)).toBe(true);
  for (const bad of [Buffer.alloc(0), signature.subarray(0, 8), signHmac(key, 'other')]) {
    expect(isSameSignature(bad, signature)).toBe(false);
  }
});
