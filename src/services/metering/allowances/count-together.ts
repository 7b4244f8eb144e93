import type { mongo } from 'mongoose';
import type { Ctx } from '../../../context.ts';
import type { Stored } from '../../../data/entity.ts';
import { idText, newId, type UUID } from '../../../data/ids.ts';
import { METRICS, type Metric, type Usage } from '../../../data/usage.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';

// What several requests of a process count at the same moment is sent in one command, since the command costs more
// than the count. Of one account they are added up; where there is not room for all of them, each is counted alone.

/** What is not counted for a crash is put right at night: no count waits for the journal. */
export const UNHURRIED = { writeConcern: { w: 1, j: false } };

/** What one request counts, and what has to be true of the counter for that. */
interface Count {
  ctx: Ctx;
  user: UUID;
  usage: Usage;
  makeGuards(usage: Usage): object[];
}

interface Waiting extends Count {
  resolve(isCounted: boolean): void;
  reject(error: unknown): void;
}

/**
 * Makes a queue of counts, of which those are sent together that come in the same turn of the event loop.
 * Answers whether it was counted: not where the guards were not true, or the account has no counter.
 */
export function createCountQueue(): (count: Count) => Promise<boolean> {
  let waiting: Waiting[] = [];
  const sendWaiting = () => {
    const some = waiting;
    waiting = [];
    void settleAll(some);
  };
  return (count) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(sendWaiting);
      waiting.push({ ...count, resolve, reject });
    });
}

async function settleAll(some: Waiting[]): Promise<void> {
  try {
    const [first, ...others] = some as [Waiting, ...Waiting[]];
    if (others.length === 0) first.resolve(await countAlone(first));
    else await countAll(some);
  } catch (error) {
    for (const { reject } of some) reject(error);
  }
}

async function countAlone(count: Count): Promise<boolean> {
  const { filter, update } = makeUpdate(count);
  const { matchedCount } = await AllowanceCounter.collection.updateOne(filter, update, UNHURRIED);
  return matchedCount === 1;
}

async function countAll(some: Waiting[]): Promise<void> {
  const groups = [...Map.groupBy(some, ({ user }) => idText(user)).values()];
  const batch = newId(Date.now());
  const updates = groups.map((group) => ({ updateOne: makeUpdate(addUp(group), batch) }));
  const options = { ...UNHURRIED, ordered: false };
  const { matchedCount } = await AllowanceCounter.collection.bulkWrite(updates, options);
  const counted = matchedCount === groups.length ? undefined : await findCounted(groups, batch);
  await Promise.all(
    groups.map(async (group) => {
      const [first] = group as [Waiting];
      const isCounted = !counted || counted.has(idText(first.user));
      for (const one of group)
        one.resolve(isCounted || (group.length > 1 && (await countAlone(one))));
    }),
  );
}

function addUp(group: Waiting[]): Count {
  const [{ ctx, user, makeGuards }] = group as [Waiting];
  const usage: Usage = {};
  for (const one of group)
    for (const metric of listMetrics(one.usage))
      usage[metric] = (usage[metric] ?? 0) + (one.usage[metric] as number);
  return { ctx, user, usage, makeGuards };
}

function makeUpdate({ user, usage, makeGuards }: Count, batch?: UUID) {
  const guards = makeGuards(usage);
  const filter = { _id: user, ...(guards.length > 0 && { $expr: { $and: guards } }) };
  const update: mongo.UpdateFilter<Stored> = {
    $inc: Object.fromEntries(listMetrics(usage).map((metric) => [metric, usage[metric]])),
    ...(batch && { $set: { batch } }),
  };
  return { filter, update };
}

/** The accounts that a command has counted; one that was changed by another since then seems not to be. */
async function findCounted(groups: Waiting[][], batch: UUID): Promise<Set<string>> {
  const users = groups.map(([first]) => (first as Waiting).user);
  const found = await AllowanceCounter.collection
    .find({ _id: { $in: users }, batch }, { projection: { _id: 1 } })
    .toArray();
  return new Set(found.map(({ _id }) => idText(_id)));
}

/** What is counted of a usage. */
export function listMetrics(usage: Usage): Metric[] {
  return METRICS.filter((metric) => usage[metric]);
}
