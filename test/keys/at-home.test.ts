import '../harness/place.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { listAppSecrets, renewKeys } from '../../src/crypto/key-ring.ts';
import { makeAppSecret } from '../../src/crypto/new-keys.ts';
import { decryptValue, encryptValue } from '../../src/data/cipher.ts';
import '../../src/models/index.ts';
import { makeWrappedKey, unwrapKey } from '../../src/providers/key-wrapping.ts';
import { passTime } from '../harness/clocks.ts';

const ctx = systemCtx('test');
const field = { entity: 'Safe', path: 'key', document: 'd', user: 'u' };
const LONG_AGO = '2026-01-01T00:00:00.000Z';
const former = process.env.APP_SECRET as string;

/** From now on the file of this process has these secrets; long enough for everything that it caches. */
async function has(APP_SECRET: unknown): Promise<void> {
  const file = join(inject('contract'), `secrets-${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ APP_SECRET, TOKEN_KEYS: process.env.TOKEN_KEYS }));
  process.env.SECRETS_FILE = file;
  passTime(6 * 60_000);
  await renewKeys();
}

test('on one machine encrypted fields decrypt after a rotation, with the former secret and not without', async () => {
  const encrypted = await encryptValue(ctx, field, 'a secret');
  const wrapped = await makeWrappedKey({ id: 'before', subject: 'u' });
  const secret = makeAppSecret();
  await has([{ secret: former }, { secret, usedFrom: LONG_AGO }]);
  expect(listAppSecrets()).toHaveLength(2);
  expect(await decryptValue(ctx, field, encrypted)).toBe('a secret');
  expect(await unwrapKey({ id: 'before', subject: 'u' }, wrapped)).toHaveLength(32);

  const since = await makeWrappedKey({ id: 'since', subject: 'u' });
  await has([{ secret, usedFrom: LONG_AGO }]);
  expect(await unwrapKey({ id: 'since', subject: 'u' }, since)).toHaveLength(32);
  await expect(unwrapKey({ id: 'before', subject: 'u' }, wrapped)).rejects.toMatchObject({
    code: 'UNREADABLE',
  });
  await expect(decryptValue(ctx, field, encrypted)).rejects.toMatchObject({ code: 'UNREADABLE' });
});
