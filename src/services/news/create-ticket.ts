import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError, type Fault, invalid } from '../../errors.ts';
import { Job } from '../../models/jobs/job.ts';
import { Project } from '../../models/projects/project.ts';
import { sequenceEvents } from './sequence-events.ts';
import { createTicket } from './tickets.ts';

/** What a client wants to be told of: all, or what is about one job or one project. */
interface Wanted {
  job?: string;
  project?: string;
}

/**
 * Makes the URL of an event stream for the user who asks. It begins with what is committed from now on, so
 * that nothing is missed between this and its opening.
 * @throws AppError VALIDATION_FAILED
 */
export async function createStreamTicket(
  ctx: Ctx,
  wanted: Wanted,
): Promise<{ url: string; expiresAt: Date }> {
  const { actor } = ctx;
  if (!('session' in actor)) throw new AppError('FORBIDDEN', 'A user’s session is needed.');
  const about = await findWanted(ctx, actor.id, wanted);
  const place = await sequenceEvents(ctx, actor.id);
  const { ticket, text } = createTicket(ctx, {
    ...{ user: actor.id, session: actor.session, place },
    ...about,
  });
  const url = new URL(config.eventsUrl);
  url.searchParams.set('ticket', text);
  return { url: url.href, expiresAt: new Date(ticket.expiresAt) };
}

/** @throws AppError VALIDATION_FAILED naming what is not there, or somebody else's */
async function findWanted(ctx: Ctx, user: UUID, { job, project }: Wanted) {
  const about = {
    ...(job && { job: new UUID(job) }),
    ...(project && { project: new UUID(project) }),
  };
  const idOnly = { projection: { _id: 1 } };
  const faults: Fault[] = [];
  if (about.job && !(await findOne(ctx, Job, { _id: about.job, user }, idOnly))) {
    faults.push({ path: 'job', message: 'there is no such job' });
  }
  if (about.project && !(await findOne(ctx, Project, { _id: about.project, user }, idOnly))) {
    faults.push({ path: 'project', message: 'there is no such project' });
  }
  if (faults.length > 0) throw invalid(faults);
  return about;
}
