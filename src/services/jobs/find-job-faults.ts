import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { checkReferences } from '../../data/references.ts';
import { type Fault, mergeFaults } from '../../errors.ts';
import { Job } from '../../models/jobs/job.ts';
import { findAwaitFaults } from './dependencies.ts';
import { checkInput } from './input.ts';
import { findTimeFaults } from './job-times.ts';
import {
  type Asked,
  findStartable,
  isInvalid,
  nameByRequest,
  type Startable,
  type Starter,
} from './startable.ts';

/** Every fault of a job that is asked for, of which each field that is there is right in itself. */
export async function findJobFaults(ctx: Ctx, all: Startable, asked: Asked): Promise<Fault[]> {
  const { type, uniqueKey, after = [] } = asked;
  const starter = all.starters[type ?? ''];
  const user = 'id' in ctx.actor ? ctx.actor.id : undefined;
  const awaited = after.map((id) => new UUID(id));
  return mergeFaults(
    starter && uniqueKey !== undefined ? [refuseKey(type)] : [],
    findTimeFaults(ctx, asked),
    await findAwaitFaults(ctx, awaited, user),
    ...(starter
      ? [await findInDocument(ctx, starter, asked)]
      : [await findInProject(ctx, asked), await findInInput(all, asked)]),
  );
}

/** A job that a document waits for has no unique key. */
export function refuseKey(type = ''): Fault {
  return { path: 'uniqueKey', message: `is not for ${type}: each has a document of its own` };
}

function findInProject(ctx: Ctx, { project }: Asked): Promise<Fault[]> {
  if (!project) return Promise.resolve([]);
  return listFaults(() => checkReferences(ctx, Job, { project: new UUID(project) }));
}

function findInInput(all: Startable, { type, input }: Asked): Promise<Fault[]> {
  return listFaults(() => {
    if (type === undefined) return;
    const { startable } = findStartable(all, type);
    if (input) checkInput({ input: startable.body }, input);
  });
}

async function findInDocument(
  ctx: Ctx,
  { body, rule, findFaults }: Starter,
  { input, project, after = [] }: Asked,
): Promise<Fault[]> {
  const stamp = rule(ctx.actor);
  if (!stamp || !input) return [];
  const whole = { ...(project && { project }), ...input };
  const faults = await listFaults(() => checkInput({ input: body }, whole));
  const wrong = new Set(faults.map(({ path }) => path.split('.')[1]));
  const right = Object.entries(whole).filter(([name]) => !wrong.has(name));
  const valid = { ...Object.fromEntries(right), ...stamp };
  const more = await findFaults(ctx, valid, { after: after.map((id) => new UUID(id)) });
  return mergeFaults(faults, nameByRequest(more));
}

async function listFaults(check: () => unknown): Promise<Fault[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return error.errors ?? [];
  }
}
