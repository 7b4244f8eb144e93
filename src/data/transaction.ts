import mongoose, { type mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { withDeadline } from './deadlines.ts';

/**
 * The read and write concerns of every transaction. Not `snapshot`: it may read a state from before
 * a write that its caller has seen already. In a transaction, `majority` reads one consistent
 * state, too.
 */
export const TRANSACTION: mongo.TransactionOptions = {
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/**
 * Runs `work` in one transaction: all of its writes happen, or none. `work` may run more than once
 * (transient conflicts are retried), so it must do nothing but database calls with the session of
 * its context.
 */
export async function transaction<T>(ctx: Ctx, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.session) return work(ctx);
  // It may write past the functions that would note it.
  ctx.noteWrite?.();
  let isOver = false;
  const running = mongoose.connection.withSession((session) =>
    session.withTransaction(() => {
      // The driver would retry for two minutes, when nobody waits any longer.
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
