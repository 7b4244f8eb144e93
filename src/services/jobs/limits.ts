import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import type { JobType } from './job-type.ts';

/** The limits that apply to a job, each with its number: `type export/4`. Undefined where there are none. */
export function listLimits(
  { name, limits }: Pick<JobType, 'name' | 'limits'>,
  user: UUID | null | undefined,
): string[] | undefined {
  if (!limits) return undefined;
  const { all, eachUser, provider } = limits;
  return [
    ...(all ? [`type ${name}/${all}`] : []),
    ...(eachUser && user ? [`user ${idText(user)} ${name}/${eachUser}`] : []),
    ...(provider ? [`provider ${provider.name}/${provider.atOnce}`] : []),
  ];
}

/** Finds a slot of each of a job's limits that no other has, or the limit of which there is none. */
export async function findFreeSlots(
  ctx: Ctx,
  { limits }: Pick<JobDoc, 'limits'>,
): Promise<{ slots?: string[]; limit?: string }> {
  const slots: string[] = [];
  for (const limit of limits ?? []) {
    const names = listSlots(limit);
    const holders = await findMany(
      ctx,
      Job,
      { slots: { $in: names } },
      { projection: { slots: 1 }, limit: names.length },
    );
    const taken = new Set(holders.flatMap((job) => job.slots ?? []));
    const free = names.filter((name) => !taken.has(name));
    // Any of them: many that look at once should not all want the first.
    const slot = free[Math.floor(Math.random() * free.length)];
    if (!slot) return { limit };
    slots.push(slot);
  }
  return limits ? { slots } : {};
}

function listSlots(limit: string): string[] {
  const [, name, most] = /^(.*)\/(\d+)$/.exec(limit) ?? [];
  return Array.from({ length: Number(most) }, (_, n) => `${name}#${n}`);
}
