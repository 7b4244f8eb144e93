import type { Ctx } from '../context.ts';
import { database } from './connection.ts';
import { withDeadline } from './deadlines.ts';

/** How far the clocks of this host and of the database may be apart where something is deleted by its age, in ms. */
const MOST = 60_000;

/** How far this host's clock is ahead of the database's, in ms; behind where negative. */
async function measureDifference(): Promise<number> {
  const asked = performance.now();
  const { localTime } = await withDeadline(database().command({ hello: 1 }));
  // The database looked at its clock somewhere in between.
  const waited = performance.now() - asked;
  return Math.round(Date.now() - waited / 2 - (localTime as Date).getTime());
}

/**
 * Whether what is old may be deleted for good: not while nobody knows which clock is right. Logs an
 * error then.
 * @returns why not; undefined where it may
 */
export async function refuseDeleting(ctx: Ctx): Promise<string | undefined> {
  const difference = await measureDifference();
  if (Math.abs(difference) <= MOST) return undefined;
  const seconds = Math.round(Math.abs(difference) / 1000);
  const where = difference > 0 ? 'ahead of' : 'behind';
  const refused = `The clock of this host is ${seconds} s ${where} that of the database.`;
  ctx.log.error('Nothing is deleted for its age: the clocks differ.', { refused });
  return refused;
}
