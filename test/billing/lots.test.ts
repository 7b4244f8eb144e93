import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import type { Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { CreditLot } from '../../src/models/billing/credit-lot.ts';
import { openAccount } from '../../src/services/billing/accounts.ts';
import { expireLots } from '../../src/services/billing/expire-lots.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { adminCollection } from '../harness/admin.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const ctx = systemCtx('test');

test('credits expire, however many before them are held, or cannot be taken', async () => {
  const [alice, holder] = [await given.user(), newId(Date.now())];
  await openAccount(ctx, holder); // none are free there
  const user = new UUID(alice.id);
  const expiresAt = new Date(Date.now() + 60_000);
  await grantCredits(ctx, { user, amount: 15, reason: 'for a test', expiresAt });
  const lots = adminCollection(CreditLot);
  const like = (await lots.findOne({ account: user })) as Stored;
  const earlier = new Date(Date.now() + 30_000);
  const make = () => ({
    ...{ ...like, expiresAt: earlier },
    ...{ _id: newId(Date.now()), source: newId(Date.now()), account: holder },
  });
  await lots.insertMany(times(1100, make) as Stored[]);
  expect(await expireLots({ ...ctx, clock: () => Date.now() + 120_000 })).toBe(1);
  expect((await alice.get('/v1/credits')).body).toMatchObject({ balance: 0 });
  await lots.deleteMany({ account: holder });
});
