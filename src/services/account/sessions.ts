import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { Session } from '../../models/account/session.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';

/** Ends all sessions of a user but one. */
export async function endSessions(ctx: Ctx, user: UUID, keep?: UUID): Promise<void> {
  for (;;) {
    const found = await findMany(
      ctx,
      Session,
      { user, ...(keep && { _id: { $ne: keep } }) },
      { limit: 100, projection: { _id: 1 } },
    );
    for (const { _id } of found) await removeAndSweep(ctx, Session, { _id });
    if (found.length < 100) return;
  }
}
