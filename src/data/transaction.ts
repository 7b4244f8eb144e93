import mongoose from 'mongoose';
import type { Ctx } from '../context.ts';
import { within } from './deadlines.ts';

/**
 * Runs `work` in one transaction: all of its writes or none. `work` may run more than once (a transient
 * conflict is tried again), so it must do nothing but database calls with the session of its context.
 */
export async function transaction<T>(ctx: Ctx, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.session) return work(ctx);
  let isOver = false;
  const running = mongoose.connection.withSession((session) =>
    session.withTransaction(
      () => {
        // The driver would go on for two minutes, for somebody who is no longer there.
        if (isOver) throw new Error('The transaction took too long.');
        return work({ ...ctx, session });
      },
      {
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority', journal: true },
        readPreference: 'primary',
      },
    ),
  );
  try {
    return await within(running);
  } finally {
    isOver = true;
  }
}
