import type { Ctx } from '../../context.ts';
import type { Stored } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { Job } from '../../models/jobs/job.ts';
import { type Change, deriveFact, type EndedJob, isEndOfJob } from './derive-facts.ts';
import { insertFacts } from './insert-facts.ts';

/**
 * Writes the facts of audit events. To be called before the events are taken out of where they wait: who is
 * killed in between does it again, and finds the facts there.
 */
export async function meterEvents(ctx: Ctx, events: Stored[]): Promise<void> {
  const changes = events as unknown as Change[]; // what their validator says
  const jobs = await findJobs(ctx, changes.filter(isEndOfJob));
  const facts = changes.map((change) => deriveFact(change, jobs.get(idText(change.document))));
  await insertFacts(
    ctx,
    facts.filter((fact) => fact !== undefined),
  );
}

/** The jobs that have ended, by their ids; one that is deleted by now is missing. */
async function findJobs(ctx: Ctx, ends: Change[]): Promise<Map<string, EndedJob>> {
  if (ends.length === 0) return new Map();
  const ids = ends.map(({ document }) => document);
  const projection = { type: 1, startedAt: 1 };
  const found = await findMany(ctx, Job, { _id: { $in: ids } }, { projection, limit: ids.length });
  return new Map(found.map(({ _id, type, startedAt }) => [idText(_id), { type, startedAt }]));
}
