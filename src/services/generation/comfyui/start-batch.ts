import type { Ctx } from '../../../context.ts';
import type { Base } from '../../../data/entity.ts';
import { newId, type UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { checkReferences, confirmReferences } from '../../../data/references.ts';
import { transaction } from '../../../data/transaction.ts';
import { insert } from '../../../data/write.ts';
import { AppError, type Fault, invalid } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { Job, type JobDoc } from '../../../models/jobs/job.ts';
import { takeTurn } from '../../billing/turns.ts';
import { enqueue, ringJobs } from '../../jobs/queue.ts';
import { executeBatch } from './batch-job.ts';
import { executeWorkflow } from './execution-job.ts';
import type { Values } from './parameters.ts';
import { findGridFaults, type Grid, spreadGrid } from './spread-grid.ts';
import { type AskedExecution, findAsked, planExecution } from './start-execution.ts';

/** What a client asks for: each combination of the grid, so many times. */
export interface AskedBatch extends Omit<AskedExecution, 'rerunOf'> {
  count: number;
  grid: Grid;
}

/** The fields of an execution that is to be started. */
type Plan = Record<string, unknown> & { user: UUID };

/**
 * Starts the executions of a batch and the one job that stands for them: all, or none.
 * @throws AppError VALIDATION_FAILED naming every fault, INSUFFICIENT_CREDITS, ALLOWANCE_EXCEEDED
 */
export async function startBatch(ctx: Ctx, asked: AskedBatch): Promise<JobDoc> {
  const stored = await findPromised(ctx);
  if (stored) return stored;
  const { count, grid, ...rest } = asked;
  const revision = await findAsked(ctx, rest.workflow);
  const all = { shared: rest.parameters, grid, count };
  const faults = findGridFaults(revision.parameters, all);
  if (faults.length > 0) {
    const shared = await collectFaults([() => planExecution(ctx, rest, revision)]);
    // What only the grid gives is told with the grid.
    const ofGrid = new Set(Object.keys(grid).map((name) => `parameters.${name}`));
    throw invalid([...faults, ...shared.faults.filter(({ path }) => !ofGrid.has(path))]);
  }
  const combinations = spreadGrid(grid).map((some) => ({ ...rest.parameters, ...some }));
  const each = combinations.flatMap((parameters) =>
    Array.from(
      { length: count },
      () => () => planExecution(ctx, { ...rest, parameters }, revision),
    ),
  );
  return startPlanned(ctx, await planAll(each));
}

/** Plans executions one after the other. @throws AppError VALIDATION_FAILED naming every fault of all of them */
async function planAll(each: (() => Promise<Plan>)[]): Promise<Plan[]> {
  const { plans, faults } = await collectFaults(each);
  if (faults.length > 0) throw invalid(faults);
  return plans;
}

/** The plans of executions, and what is wrong with them: the same fault of all of them once. */
async function collectFaults(
  each: (() => Promise<Plan>)[],
): Promise<{ plans: Plan[]; faults: Fault[] }> {
  const plans: Plan[] = [];
  const found = new Map<string, Fault>();
  for (const plan of each) {
    try {
      plans.push(await plan());
    } catch (error) {
      if (!(error instanceof AppError && error.errors)) throw error;
      for (const fault of error.errors) found.set(`${fault.path} ${fault.message}`, fault);
    }
  }
  return { plans, faults: [...found.values()] };
}

/** Starts executions that have been checked, and the job that stands for them. */
async function startPlanned(ctx: Ctx, plans: Plan[]): Promise<JobDoc> {
  const stored = await findPromised(ctx);
  if (stored) return stored;
  const [first] = plans;
  if (!first) throw new Error('A batch has one execution at least.');
  const { user } = first;
  const project = first.project as UUID | undefined;
  await checkReferences(ctx, ComfyUIWorkflowExecution, first, true);
  const batch = ctx.promisedId ?? newId(ctx.clock());
  const runs = plans.map((plan) => ({
    ...{ ...plan, batch, _id: newId(ctx.clock()), job: newId(ctx.clock()) },
  }));
  let made: Base[] = [];
  const start = async (outer: Ctx) => {
    // The promised id is that of the job which stands for all.
    const tx = { ...outer, promisedId: undefined };
    made = [];
    for (const run of runs) {
      made.push(await insert(tx, ComfyUIWorkflowExecution, run));
      const input = { document: run._id };
      await enqueue(tx, executeWorkflow, { _id: run.job, input, user, project: project ?? null });
    }
    const input = { executions: runs.map(({ _id }) => _id) };
    const parent = { _id: batch, input, user, project: project ?? null, isAsked: true };
    return enqueue(tx, executeBatch, parent);
  };
  // Those of one account would abort each other.
  const job = await takeTurn(user, () => transaction(ctx, start));
  for (const document of made) await confirmReferences(ctx, ComfyUIWorkflowExecution, document);
  for (const run of runs) await ringJobs(ctx, { _id: run.job, queue: 'PROVIDER' });
  await ringJobs(ctx, job);
  return job;
}

/** The job that this very request has stored before it was cut off. */
async function findPromised(ctx: Ctx): Promise<JobDoc | null> {
  return ctx.promisedId ? findOne(ctx, Job, { _id: ctx.promisedId }) : null;
}

/** What a rerun of a batch changes in each of its executions. */
export interface RerunOf {
  _id: UUID;
  workflow: UUID;
  user: UUID;
  project?: UUID | null;
  revision: number;
  parameters: Values;
  seeds: Values;
}

/** Repeats executions together, by the revision that each had. @throws AppError as `startBatch` */
export async function restartBatch(ctx: Ctx, former: RerunOf[]): Promise<JobDoc> {
  const each = former.map(
    ({ _id, workflow, user, project, revision, parameters, seeds }) =>
      async () => {
        const rerunOf = { _id, revision, seeds };
        const asked = { user, workflow, parameters, ...(project && { project }), rerunOf };
        return planExecution(ctx, asked, await findAsked(ctx, workflow, revision));
      },
  );
  return startPlanned(ctx, await planAll(each));
}
