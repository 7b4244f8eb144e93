import type { Ctx } from '../../context.ts';
import { readDatabaseTime } from '../../data/database-time.ts';
import { type Entity, entities } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { Migration } from '../../models/maintenance/migration.ts';
import type { FannedOut, JobType, Work } from '../jobs/job-type.ts';
import type { RenewalResult, RenewalState } from './renew-job.ts';
import type { Range, Renewed } from './renew-range.ts';
import { judgeKeys } from './retire.ts';

/** About so many parts at most, each of so many documents at least. */
const PARTS = 500;
const LEAST = 2000;

/** Divides all documents among child jobs. */
export async function runRenewal(
  work: Work<object, RenewalResult, RenewalState>,
  type: JobType<Range, Renewed>,
): Promise<FannedOut> {
  const began = (await readDatabaseTime(work.ctx)).toISOString();
  const inputs: Range[] = [];
  const size = await choosePartSize();
  for (const entity of listEntities()) inputs.push(...(await divide(work.ctx, entity, size)));
  return work.fanOut({ type: type as unknown as JobType, inputs, state: { began } });
}

/** Adds up what the parts did, and judges the keys by what they have seen. */
export async function endRenewal(
  ctx: Ctx,
  parts: Renewed[],
  { began }: RenewalState,
): Promise<RenewalResult> {
  const sum = (name: keyof Renewed) => parts.reduce((total, part) => total + part[name], 0);
  const unreadable = sum('unreadable');
  if (unreadable > 0) ctx.log.warn('Some documents do not decrypt.', { unreadable });
  const judged = await judgeKeys(ctx, new Date(began));
  return { read: sum('read'), renewed: sum('renewed'), unreadable, ...judged };
}

/** All but the records of migrations, which functions may not even read. */
function listEntities(): Entity[] {
  return [...entities.values()].filter(({ name }) => name !== Migration.name);
}

async function choosePartSize(): Promise<number> {
  let count = 0;
  for (const { collection } of listEntities()) {
    count += await collection.estimatedDocumentCount();
  }
  return Math.max(LEAST, Math.ceil(count / PARTS));
}

/** The documents of an entity, in ranges by their ids; the last has no end, for what is still to come. */
async function divide(ctx: Ctx, entity: Entity, size: number): Promise<Range[]> {
  const ranges: Range[] = [];
  let after: UUID | undefined;
  for (;;) {
    const [edge] = await aggregate<{ _id: UUID }>(ctx, entity, [
      ...(after ? [{ $match: { _id: { $gt: after } } }] : []),
      { $sort: { _id: 1 } },
      { $skip: size - 1 },
      { $limit: 1 },
      { $project: { _id: 1 } },
    ]);
    const from = after && { after };
    ranges.push({ entity: entity.name, ...from, ...(edge && { upTo: edge._id }) });
    if (!edge) return ranges;
    after = edge._id;
  }
}
