import { idText, newId, type UUID } from '../../../data/ids.ts';
import { METRICS, type Metric, type Usage } from '../../../data/usage.ts';
import { UNHURRIED } from '../../../data/write-concern.ts';
import { gather } from '../../../gather.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';

// What several requests of a process count at the same moment is sent in one command, since the command costs more
// than the count. Of one account they are added up; where there is not room for all of them, each is counted alone.

/** What one request counts, and the filter that the counter has to pass for that. */
interface Count {
  user: UUID;
  usage: Usage;
  makeGuards(usage: Usage): object;
}

/**
 * Makes a function that counts, together with what others count that have guards of the same kind. Answers whether
 * it was counted: not where the guards were not true, or the account has no counter. Nothing is always counted.
 */
export function createCount(): (count: Count) => Promise<boolean> {
  const countTogether = gather(async (some: Count[]) => {
    const [first, ...others] = some as [Count, ...Count[]];
    return others.length === 0 ? [await countAlone(first)] : countAll(some);
  });
  return async (one) => listMetrics(one.usage).length === 0 || countTogether(one);
}

async function countAlone(count: Count): Promise<boolean> {
  const { filter, update } = makeUpdate(count);
  const { matchedCount } = await AllowanceCounter.collection.updateOne(filter, update, UNHURRIED);
  return matchedCount === 1;
}

async function countAll(some: Count[]): Promise<boolean[]> {
  const groups = Map.groupBy(some, ({ user }) => idText(user));
  const batch = newId(Date.now());
  const updates = [...groups.values()].map((group) => ({
    updateOne: makeUpdate({ ...(group[0] as Count), usage: addUp(group) }, batch),
  }));
  const options = { ...UNHURRIED, ordered: false };
  const { matchedCount } = await AllowanceCounter.collection.bulkWrite(updates, options);
  const counted = matchedCount === groups.size ? undefined : await findCounted(some, batch);
  return Promise.all(
    some.map(async (one) => {
      const key = idText(one.user);
      const isAlone = groups.get(key)?.length === 1;
      const isCounted = !counted || counted.has(key);
      return isCounted || (!isAlone && (await countAlone(one)));
    }),
  );
}

/** What all of these use together. */
export function addUp(some: { usage: Usage }[]): Usage {
  const sum: Usage = {};
  for (const { usage } of some)
    for (const metric of listMetrics(usage))
      sum[metric] = (sum[metric] ?? 0) + (usage[metric] as number);
  return sum;
}

function makeUpdate({ user, usage, makeGuards }: Count, batch?: UUID) {
  const filter = { _id: user, ...makeGuards(usage) };
  const update: Parameters<typeof AllowanceCounter.collection.updateOne>[1] = {
    $inc: Object.fromEntries(listMetrics(usage).map((metric) => [metric, usage[metric]])),
    ...(batch && { $set: { batch } }),
  };
  return { filter, update };
}

/** The accounts that a command has counted; one that was changed by another since then seems not to be. */
async function findCounted(some: Count[], batch: UUID): Promise<Set<string>> {
  const users = some.map(({ user }) => user);
  const found = await AllowanceCounter.collection
    .find({ _id: { $in: users }, batch }, { projection: { _id: 1 } })
    .toArray();
  return new Set(found.map(({ _id }) => idText(_id)));
}

/** What is counted of a usage. */
export function listMetrics(usage: Usage): Metric[] {
  return METRICS.filter((metric) => usage[metric]);
}
