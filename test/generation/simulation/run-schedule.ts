import { type Ctx, systemCtx } from '../../../src/context.ts';
import type { UUID } from '../../../src/data/ids.ts';
import { AppError } from '../../../src/errors.ts';
import type { SimulatedClock } from '../../../src/local/comfyui/clock.ts';
import { ComfyUIWorkflowExecution } from '../../../src/models/generation/comfyui/workflow-execution.ts';
import { startExecution } from '../../../src/services/generation/comfyui/start-execution.ts';
import { cancelJob, retryJob } from '../../../src/services/jobs/control.ts';
import { asStep } from './lives.ts';
import { nameOutputs, type Owner, types } from './owner.ts';
import type { Blow, Plan } from './plan.ts';
import { type SimulatedPod, startPod } from './pods.ts';
import { beginTime, passTime } from './time.ts';
import { startWorkers } from './workers.ts';

/** An execution of a schedule. */
export interface Started {
  _id: UUID;
  job: UUID;
  name: string;
  outputs: number;
  /** When it was begun, or tried again. */
  tries: number[];
}

/** A schedule that is under way. */
export interface World {
  plan: Plan;
  owner: Owner;
  clock: SimulatedClock;
  ctx: Ctx;
  pods: SimulatedPod[];
  executions: Started[];
  /** Whether nothing goes wrong any more. */
  isHealed: boolean;
  isOver: boolean;
  /** Whether a worker has found that no job is left. */
  isIdle: boolean;
  /** How many workers are within a step. */
  busy: number;
  /** How often what went wrong, by the stage of an execution. */
  met: Record<string, Record<string, number>>;
  /** Notes that something goes wrong. */
  note(what: string): void;
  /** How often a worker was called. */
  steps: number;
  /** How long the longest of those took that were not disturbed, in ms. */
  longest: number;
  /** When it was begun. */
  begun: number;
}

/** How long all has to end once nothing goes wrong any more, in ms. */
const PATIENCE = 6 * 3_600_000;

/** Plays a schedule to its end. @returns what it has come to, for checks */
export async function runSchedule(owner: Owner, plan: Plan): Promise<World> {
  const clock = beginTime();
  const begun = clock.now();
  const trouble = 1000 * plan.trouble;
  const ctx = { ...systemCtx('test'), clock: () => clock.now() };
  const world: World = {
    ...{ plan, owner, clock, ctx, pods: [], executions: [], isHealed: false },
    ...{ isOver: false, isIdle: false, busy: 0 },
    ...{ met: {}, steps: 0, longest: 0, begun },
    note: (what) => void noteStages(world, what),
  };
  for (const pod of plan.pods) world.pods.push(await startPod(ctx, clock, pod, world.note));
  const troubles = [
    ...plan.executions.map(async ({ at, workflow }, n) => {
      await clock.sleep(1000 * at);
      await asStep(() => start(world, n, workflow));
    }),
    ...plan.blows.map(async (blow) => {
      await clock.sleep(1000 * blow.at);
      if (!world.isHealed) await strike(world, blow);
    }),
  ];
  let failure: unknown;
  let isWorking = true;
  void Promise.all([...troubles, ...startWorkers(world)])
    .catch((error) => {
      failure = error;
      world.isOver = true;
    })
    .finally(() => {
      isWorking = false;
    });
  let settled = false;
  void Promise.all(troubles).then(() => {
    settled = true;
    world.isIdle = false;
  });
  for (;;) {
    await passTime(clock);
    const passed = clock.now() - begun;
    if (!world.isHealed && passed > trouble) await heal(world);
    if (world.isOver || passed > trouble + PATIENCE) break;
    if (!settled || !world.isIdle) continue;
    if (world.isHealed) break;
    world.isIdle = false;
    await heal(world);
  }
  world.isOver = true;
  while (isWorking || clock.next() !== undefined) await passTime(clock);
  if (failure) throw failure;
  return world;
}

async function start(world: World, n: number, index: number): Promise<void> {
  const { owner, ctx, plan } = world;
  const { id: workflow, outputs, given } = owner.workflows[index] as Owner['workflows'][number];
  const name = `s${plan.seed}n${n}`;
  const made = await startExecution(
    { ...owner.ctx, clock: ctx.clock },
    { user: owner.user, workflow, parameters: { ...given, ...nameOutputs(outputs, name) } },
  );
  const { _id, job } = made;
  world.executions.push({ _id, job: job as UUID, name, outputs, tries: [ctx.clock()] });
}

async function noteStages({ executions, met }: World, what: string): Promise<void> {
  const mine = { _id: { $in: executions.map(({ _id }) => _id) } };
  const only = { projection: { stage: 1 } };
  const runs = await ComfyUIWorkflowExecution.collection.find(mine, only).toArray();
  met[what] ??= {};
  const stages = met[what];
  for (const { stage } of runs) stages[String(stage)] = (stages[String(stage)] ?? 0) + 1;
}

async function strike(world: World, { is, whom, seconds }: Blow): Promise<void> {
  world.note(is);
  const { pods, executions, ctx } = world;
  const pod = pods[whom];
  const execution = executions[whom];
  if (is === 'restart') pod?.restart(seconds);
  if (is === 'cut') await pod?.cut(1000 * seconds);
  if (is === 'drain') await pod?.drain(true);
  if (is === 'cancel' && execution)
    await tryTo(() => cancelJob(ctx, types, { _id: execution.job }));
  if (is === 'retry' && execution) {
    if (await tryTo(() => retryJob(ctx, types, { _id: execution.job })))
      execution.tries.push(ctx.clock());
  }
}

/** It may have ended meanwhile, or go on. */
async function tryTo(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await asStep(act);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'INVALID_STATE') return false;
    throw error;
  }
}

async function heal(world: World): Promise<void> {
  world.isHealed = true;
  for (const pod of world.pods) {
    pod.heal();
    if (pod.isDraining) await pod.drain(false);
  }
}
