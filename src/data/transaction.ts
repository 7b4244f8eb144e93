import mongoose, { type mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { withDeadline } from './deadlines.ts';

/**
 * How every transaction reads and writes. Not at `snapshot`: that one begins where all writes before are
 * in order on disk, and so may not yet show what a read has shown its caller already. Within a
 * transaction, `majority` shows one state of the data all the same.
 */
export const TRANSACTION: mongo.TransactionOptions = {
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/**
 * Runs `work` in one transaction: all of its writes or none. `work` may run more than once (a transient
 * conflict is tried again), so it must do nothing but database calls with the session of its context.
 */
export async function transaction<T>(ctx: Ctx, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.session) return work(ctx);
  let isOver = false;
  const running = mongoose.connection.withSession((session) =>
    session.withTransaction(() => {
      // The driver would go on for two minutes, for somebody who is no longer there.
      if (isOver) throw new Error('The transaction took too long.');
      return work({ ...ctx, session });
    }, TRANSACTION),
  );
  try {
    return await withDeadline(running);
  } finally {
    isOver = true;
  }
}
