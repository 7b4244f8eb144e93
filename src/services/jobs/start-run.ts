import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences, confirmReferences } from '../../data/references.ts';
import { transaction } from '../../data/transaction.ts';
import { insert } from '../../data/write.ts';
import { takeTurn } from '../billing/turns.ts';
import type { JobType } from './job-type.ts';
import { enqueue, type NewJob } from './queue.ts';
import { isPriced } from './quote.ts';
import { ringJobs } from './ring.ts';

/** A document with run fields, as far as it says which job carries it out. */
export interface Run extends Base {
  job?: UUID | null;
  project?: UUID | null;
}

/** What a client may say of when a job runs. */
export type RunOptions = Pick<NewJob<object>, 'priority' | 'delay' | 'deadline' | 'after'>;

/**
 * Stores a document with run fields together with the job that carries it out: both, or neither.
 * @param quote what the job costs at most, where that is known already
 * @param how when it runs, and before which others of its user
 * @throws AppError VALIDATION_FAILED, DUPLICATE
 */
export async function startRun<T extends Run>(
  ctx: Ctx,
  entity: Entity<T>,
  type: JobType<{ document: UUID }>,
  values: Record<string, unknown>,
  quote?: number,
  how: RunOptions = {},
): Promise<T> {
  // This very request may have stored it before it was cut off.
  const stored = ctx.promisedId && (await findOne(ctx, entity, { _id: ctx.promisedId }));
  if (stored) return stored;
  await checkReferences(ctx, entity, values, true);
  const job = newId(ctx.clock());
  const start = async (tx: Ctx) => {
    const made = await insert(tx, entity, { ...values, job });
    const { user, project } = made;
    const input = { document: made._id };
    await enqueue(tx, type, {
      ...how,
      _id: job,
      input,
      user,
      project,
      isAsked: true,
      ...(quote && { quote }),
    });
    return made;
  };
  const user = values.user as UUID | undefined;
  // Those of one account would abort each other.
  const document =
    user && (quote || isPriced(ctx, type))
      ? await takeTurn(user, () => transaction(ctx, start))
      : await transaction(ctx, start);
  await confirmReferences(ctx, entity, document);
  await ringJobs(ctx, job, how.delay);
  return document;
}
