import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';
import { BEHIND_USERS, enqueue, ringJobs } from '../jobs/queue.ts';
import type { Range, Renewed } from './renew-range.ts';

/** What a renewal keeps until all of its parts are done. */
export interface RenewalState {
  /** When it began, by the database's clock, as text. */
  began: string;
}

/** What a renewal did: with documents, and with keys that nothing needs any longer. */
export interface RenewalResult extends Renewed {
  /** Keys that nothing is encrypted under, which are destroyed once no backup needs them either. */
  unneeded: number;
  destroyed: number;
}

/** Encrypts some documents anew: a part of a renewal. Killed, it begins again, and reads what it had renewed. */
export const renewPart: JobType<Range, Renewed> = {
  name: 'renew-range',
  input: Joi.object<Range>({
    entity: Joi.string().required(),
    after: idInput(),
    upTo: idInput(),
  }),
  attempts: 10,
  queue: 'upkeep',
  run: async ({ ctx, input, signal }) =>
    (await import('./renew-range.ts')).renewRange(ctx, input, signal),
};

/**
 * Brings everything under the newest key of its owner, while others read and write, and finds out which of
 * the older keys nothing needs any longer. One is open at a time.
 */
export const renewEncryption: JobType<object, RenewalResult, RenewalState> = {
  name: 'renew-encryption',
  input: Joi.object({}),
  attempts: 10,
  queue: 'upkeep',
  unique: { by: 'joins', key: () => 'all' },
  run: async (work) => (await import('./renew.ts')).runRenewal(work, renewPart),
  afterParts: async (work, parts, state) =>
    (await import('./renew.ts')).endRenewal(work.ctx, parts as Renewed[], state),
};

/** Has everything encrypted anew. Returns the job, which may be one that was asked for before. */
export async function startRenewal(ctx: Ctx) {
  const job = await enqueue(ctx, renewEncryption, { input: {}, priority: BEHIND_USERS });
  await ringJobs(ctx, job);
  return job;
}
