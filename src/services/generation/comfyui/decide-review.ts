import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany, findOne, WHOLE } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { AppError, notFound } from '../../../errors.ts';
import type { Reviewed } from '../../../models/generation/comfyui/execution-state.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { presignPlay } from '../../../providers/s3-links.ts';
import { jobTypes } from '../../job-types.ts';
import { failQueued } from '../../jobs/fail.ts';
import { hurryJob } from '../../jobs/hurry.ts';
import { setValues } from './fill-graph.ts';
import type { ExecutionDoc } from './open-run.ts';
import { guessType, type PlannedFile } from './output-kinds.ts';
import { describeRefusal } from './review-run.ts';
import { findRevision } from './revisions.ts';
import { buildStagedKey, deleteStaged } from './stage-outputs.ts';
import { readParameters } from './stored-fields.ts';

/** How long the addresses of files work that an administrator looks at, in s. */
const LINKS_LAST = 900;
/** The most executions that wait for a decision that are listed at once. */
const MOST_HELD = 100;

/** Lists the executions that wait for a decision, the oldest first. */
export async function listHeld(ctx: Ctx): Promise<object[]> {
  const options = { sort: { createdAt: 1 }, limit: MOST_HELD, hint: 'held' } as const;
  const held = await findMany(ctx, ComfyUIWorkflowExecution, { status: 'HELD' }, options);
  return held.map(describeHeld);
}

/** What an administrator has to decide about: what was asked for, and what has come of it. */
export async function viewHeld(ctx: Ctx, _id: UUID): Promise<object> {
  const held = await findOne(ctx, ComfyUIWorkflowExecution, { _id, status: 'HELD' }, WHOLE);
  if (!held) throw notFound();
  const files = held.heldFor === 'OUTPUTS' ? ((held.files ?? []) as PlannedFile[]) : [];
  const parameters = await readParameters(ctx, held);
  const revision = await findRevision(ctx, held.workflow, held.workflowRevision);
  const seeds = held.seeds as object | undefined;
  return {
    ...describeHeld(held),
    parameters,
    graph: revision ? setValues(revision, { ...parameters, ...seeds }) : {},
    inputs: held.inputs ?? [],
    files: files.map(({ kind, fileName }, position) => ({
      ...{ kind, contentType: guessType(kind, fileName) },
      url: presignPlay(buildStagedKey(held, position), LINKS_LAST),
    })),
  };
}

function describeHeld({ _id, user, workflow, heldFor, heldReason, createdAt }: ExecutionDoc) {
  const ids = { id: idText(_id), user: idText(user), workflow: idText(workflow) };
  return { ...ids, heldFor, reason: heldReason ?? '', createdAt: createdAt.toISOString() };
}

/** Ends the wait of an execution: it goes on, or has failed. @throws AppError NOT_FOUND, INVALID_STATE */
export async function decideReview(
  ctx: Ctx,
  _id: UUID,
  { decision, reason }: { decision: 'ALLOW' | 'REFUSE'; reason: string },
): Promise<ExecutionDoc> {
  const found = await findOne(ctx, ComfyUIWorkflowExecution, { _id }, WHOLE);
  if (!found) throw notFound();
  const { status, job, heldFor } = found;
  if (status !== 'HELD' || !heldFor || !job) throw notHeld();
  if (decision === 'REFUSE') {
    const message = describeRefusal(heldFor, reason);
    const error = { code: 'MODERATED', message, retryable: false };
    if (!(await failQueued(ctx, jobTypes, job, error))) throw notHeld();
    await deleteStaged(found);
  } else await goOn(ctx, found, heldFor, job);
  return (await findOne(ctx, ComfyUIWorkflowExecution, { _id })) ?? found;
}

async function goOn(
  ctx: Ctx,
  { _id, allowed }: ExecutionDoc,
  heldFor: Reviewed,
  job: UUID,
): Promise<void> {
  const status = heldFor === 'INPUTS' ? 'QUEUED' : 'RUNNING';
  const set = { status, allowed: [...(allowed ?? []), heldFor] };
  const change = { set, unset: ['heldFor', 'heldReason'] };
  const held = { _id, status: 'HELD', heldFor };
  if (!(await update(ctx, ComfyUIWorkflowExecution, held, change, 'allow'))) throw notHeld();
  await hurryJob(ctx, job, 0);
}

const notHeld = () => new AppError('INVALID_STATE', 'The execution is not HELD at the moment.');
