import mongoose, { type mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { withDeadline } from './deadlines.ts';
import { WRITE_CONCERN } from './write-concern.ts';

/**
 * The read and write concerns of every transaction. Not `snapshot`: it may read a state from before
 * a write that its caller has seen already. In a transaction, `majority` reads one consistent
 * state, too.
 */
export const TRANSACTION: mongo.TransactionOptions = {
  readConcern: { level: 'majority' },
  writeConcern: WRITE_CONCERN,
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
  const effects: NonNullable<Ctx['effects']> = { committed: [], undone: [] };
  const running = mongoose.connection.withSession((session) =>
    session.withTransaction(async () => {
      // The driver would retry for two minutes, when nobody waits any longer.
      if (isOver) throw new Error('The transaction took too long.');
      // Those of a try that the database has undone.
      effects.committed.length = 0;
      await runEffects(ctx, effects.undone);
      return work({ ...ctx, session, effects });
    }, TRANSACTION),
  );
  try {
    return await withDeadline(settle(ctx, running, effects));
  } finally {
    isOver = true;
  }
}

async function settle<T>(
  ctx: Ctx,
  running: Promise<T>,
  { committed, undone }: NonNullable<Ctx['effects']>,
): Promise<T> {
  let result: T;
  try {
    result = await running;
  } catch (error) {
    // Of one whose commit nobody heard of, neither is known.
    const isUnknown =
      error instanceof mongoose.mongo.MongoError &&
      error.hasErrorLabel('UnknownTransactionCommitResult');
    if (!isUnknown) await runEffects(ctx, undone);
    throw error;
  }
  await runEffects(ctx, committed);
  return result;
}

/** Effects are not part of what was asked for: one that fails is told, and repaired by others. */
async function runEffects(ctx: Ctx, effects: (() => Promise<void>)[]): Promise<void> {
  for (const effect of effects.splice(0)) {
    await effect().catch((error) =>
      ctx.log.warn('An effect of a transaction is missing.', { error: error as Error }),
    );
  }
}
