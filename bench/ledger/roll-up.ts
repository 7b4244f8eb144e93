// How long it takes to write, and to roll up, so many facts, as they come in a day of a thousand users; and how
// long one more, once they are in the stats.

import { formatTable } from '../../scripts/docs/markdown.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId } from '../../src/data/ids.ts';
import { User } from '../../src/models/account/user.ts';
import { MeteringFact } from '../../src/models/metering/metering-fact.ts';
import { Stat } from '../../src/models/metering/stat.ts';
import { insertFacts, type NewFact } from '../../src/services/metering/insert-facts.ts';
import { rollUp } from '../../src/services/metering/roll-up.ts';
import { readCpuSeconds } from '../process.ts';

const USERS = 1000;
const HOUR = 3_600_000;
const BATCH = 10_000;
const day = Date.UTC(2026, 4, 20);
const ctx = systemCtx('bench');
/** The facts come when their day is over. */
const then = { ...ctx, clock: () => day + 24 * HOUR };
const patient = () => Number.POSITIVE_INFINITY;

const user = Array.from({ length: USERS }, () => newId(Date.UTC(2026, 1, 1)));

/** The nth fact: of a job, of a document, or of calls. */
function makeFact(n: number): NewFact {
  const at = new Date(day + ((n * 86_399) % 86_400) * 1000);
  const type = n % 2 ? 'process-track' : 'export';
  const kinds = [
    [{ metric: 'calls', amount: 1 + (n % 7) }],
    [
      { metric: 'documents', amount: 1, dimensions: { entity: 'Track' } },
      { metric: 'storage.bytes', amount: 1000 + n },
    ],
    [
      { metric: 'jobs', amount: 1, dimensions: { type, outcome: 'COMPLETED' } },
      { metric: 'jobs.run', amount: (n * 7919) % 90_000, dimensions: { type } },
    ],
  ] as NewFact['amounts'][];
  const amounts = kinds[n % kinds.length] as NewFact['amounts'];
  return { _id: newId(at.getTime()), user: user[(n * 31) % USERS] as NewFact['_id'], at, amounts };
}

interface Cost {
  seconds: number;
  /** Of this process and of mongod, which do not grow where the machine is busy with something else. */
  cpuSeconds: number;
}

async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const [begun, before] = [performance.now(), readCpuSeconds(process.pid)];
  await work();
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, cpuSeconds: readCpuSeconds(process.pid) - before };
}

/** @param count how many facts */
export async function measure(count: number): Promise<void> {
  // Usage is of users who are there; of these no more is asked.
  const users = user.map((_id) => ({ _id, email: idText(_id), username: idText(_id) }));
  await User.collection.insertMany(users, { bypassDocumentValidation: true });
  const writing = await cost(async () => {
    for (let from = 0; from < count; from += BATCH) {
      const some = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) =>
        makeFact(from + n),
      );
      await insertFacts(then, some);
    }
  });
  const rolling = await cost(() => rollUp(ctx, patient));
  const stats = await Stat.collection.estimatedDocumentCount();
  await insertFacts(then, [makeFact(count)]);
  const late = await cost(() => rollUp(ctx, patient));
  const [sum] = await Stat.collection
    .aggregate<{ calls: number }>([
      { $match: { user: { $exists: false }, metric: 'calls', period: 'DAY' } },
      { $group: { _id: null, calls: { $sum: '$count' } } },
    ])
    .toArray();
  const facts = await MeteringFact.collection.countDocuments({ 'amounts.metric': 'calls' });
  if (sum?.calls !== facts) throw new Error(`Of ${facts} calls ${sum?.calls} were counted.`);
  const row = (what: string, n: number, { seconds, cpuSeconds }: Cost) => [
    ...[what, n.toLocaleString('en'), seconds.toFixed(1), cpuSeconds.toFixed(1)],
    ...[Math.round(n / seconds), Math.round((cpuSeconds * 1e6) / n)].map((v) =>
      v.toLocaleString('en'),
    ),
  ];
  console.log(`${count.toLocaleString('en')} facts of ${USERS} users became ${stats} stats.\n`);
  console.log(
    formatTable(
      ['', 'facts', 'seconds', 'CPU seconds', 'facts a second', 'CPU µs a fact'],
      [
        row('written', count, writing),
        row('rolled up', count, rolling),
        row('one more, late', 1, late),
      ],
    ),
  );
}
