import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { given } from '../harness/given.ts';

test('bytes that are no music end in FAILED, and say so', async () => {
  const alice = await given.user();
  const track = await alice.uploads(randomBytes(50_000));
  expect(await alice.waitsFor(track, 'FAILED')).toMatchObject({ error: { code: 'CORRUPT_MEDIA' } });
});
