import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { given } from '../../harness/given.ts';
import { place } from '../../harness/place.ts';
import { times } from '../../harness/times.ts';

place({ worker: false });

test('a filter takes at most 20 values', async () => {
  const alice = await given.user();
  const asked = (count: number) =>
    alice.get(`/v1/projects?status[in]=${times(count, () => 'DRAFT').join()}`);
  expect((await asked(20)).status).toBe(200);
  expect(await asked(21)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'status[in]' }] },
  });
});

test('a range is taken of the field that is sorted by, and of no other', async () => {
  const alice = await given.user();
  expect((await alice.get('/v1/projects?sort=name&name[gt]=a')).status).toBe(200);
  expect(await alice.get('/v1/projects?name[gt]=a')).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'name[gt]' }] },
  });
});
