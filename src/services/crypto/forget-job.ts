import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { enqueue } from '../jobs/queue.ts';

/** Destroys the keys of a user: the only job whose function may. */
export const forgetKeys: JobType<{ user: UUID }, { keys: number }> = {
  name: 'forget-keys',
  input: Joi.object({ user: idInput().required() }),
  attempts: 10,
  queue: 'upkeep',
  run: async ({ ctx, input }) => {
    const { keys } = await (await import('./forget.ts')).forgetUser(ctx, input.user);
    return { keys };
  },
};

/**
 * Has the keys of a user destroyed, after the commit of the caller's transaction. It comes last of all that
 * erases him: what is still to be deleted or handed out must be readable until then. Returns the job's id.
 */
export async function enqueueForgetting(tx: Ctx, user: UUID): Promise<UUID> {
  return (await enqueue(tx, forgetKeys, { input: { user } }))._id;
}
