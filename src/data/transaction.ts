import mongoose from 'mongoose';
import type { Ctx } from '../context.ts';

/**
 * Runs `work` in one transaction: all of its writes or none. `work` may run more than once (a transient
 * conflict is tried again), so it must do nothing but database calls with the session of its context.
 */
export async function transaction<T>(ctx: Ctx, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.session) return work(ctx);
  return mongoose.connection.withSession((session) =>
    session.withTransaction(() => work({ ...ctx, session }), {
      readConcern: { level: 'snapshot' },
      writeConcern: { w: 'majority', journal: true },
      readPreference: 'primary',
    }),
  );
}
