import '../harness/place.ts';
import { beforeAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { connect, database } from '../../src/data/connection.ts';
import { transaction } from '../../src/data/transaction.ts';
import { grantAccess } from '../harness/admin.ts';

beforeAll(async () => {
  await connect();
  await grantAccess('small', 'large');
});

test('a transaction reads what an earlier read has shown', async () => {
  const ctx = systemCtx('test');
  const small = database().collection<{ _id: number }>('small');
  const large = database().collection('large');
  // While a large write is under way, later small ones are there for all to read, but not yet in its order.
  let isOver = false;
  const writing = (async () => {
    for (let n = 0; !isOver; n++) {
      const set = { text: `${n}${'y'.repeat(15_000_000)}` };
      await large.updateOne({}, { $set: set }, { upsert: true, writeConcern: { w: 1 } });
    }
  })();
  const missed: number[] = [];
  const seenThenSought = async (_id: number) => {
    const written = small.insertOne({ _id });
    while (!(await small.findOne({ _id }))) await new Promise(setImmediate);
    const found = await transaction(ctx, ({ session }) => small.findOne({ _id }, { session }));
    if (!found) missed.push(_id);
    await written;
  };
  await Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (let n = 0; n < 50; n++) await seenThenSought(lane * 50 + n);
    }),
  );
  isOver = true;
  await writing;
  expect(missed).toEqual([]);
});
