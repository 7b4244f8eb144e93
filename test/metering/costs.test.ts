import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import { AllowanceCounter } from '../../src/models/metering/allowance-counter.ts';
import { takeAllowance } from '../../src/services/metering/allowances/counter.ts';
import { giveBack } from '../../src/services/metering/allowances/give-back.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const image = { name: 'A cover', fileName: 'a.png', contentType: 'image/png', size: 1000 };
const namesOf = (commands: { op: string; ns: string }[]) =>
  commands.map(({ op, ns }) => `${op} ${ns.split('.').at(-1)}`);

test('allowances and metering cost a request one command where something is made, and none elsewhere', async () => {
  const alice = await given.user();
  const { id } = await alice.medium('images');
  const making = await profileOf(() => alice.post('/v1/images', image));
  expect(namesOf(making)).toEqual(['update allowanceCounters', 'insert images']);
  const reading = await profileOf(() => alice.get(`/v1/images/${id}`));
  expect(namesOf(reading)).toEqual(['query images']);
  const listing = await profileOf(() => alice.get('/v1/images'));
  expect(namesOf(listing)).toEqual(['query images']);
});

test('what is counted and given back at the same moment is one command each, however many accounts it is of', async () => {
  const ctx = systemCtx('test');
  const users = times(4, () => newId(Date.now()));
  for (const user of users) await takeAllowance(ctx, user, { documents: 1 });
  const { collection } = AllowanceCounter;
  const [alone, together] = [vi.spyOn(collection, 'updateOne'), vi.spyOn(collection, 'bulkWrite')];
  const each = (work: (user: UUID) => Promise<void>) =>
    Promise.all(users.flatMap((user) => times(8, () => work(user))));
  await each((user) => takeAllowance(ctx, user, { documents: 2, bytes: 100 }));
  await each((user) => giveBack(ctx, user, { documents: 1 }));
  expect([alone.mock.calls.length, together.mock.calls.length]).toEqual([0, 2]);
  vi.restoreAllMocks();
  const found = await collection.find({ _id: { $in: users } }).toArray();
  expect(found.map(({ documents, bytes }) => [documents, bytes])).toEqual(times(4, () => [9, 800]));
});
