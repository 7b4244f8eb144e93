// `npm run bench:ledger [-- --seconds 5 --rounds 3 --accounts 1000]`: spends a second through the whole handler, of one
// account and over a thousand, beside the least that a spend can be in the same minute: a guarded `$inc` of one
// document; and what counting an allowance costs. Compare the ratios; absolute times depend on the machine.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { withDatabase } from '../src/data/connection-string.ts';
import { startMongod } from '../src/local/mongod.ts';
import { findFreePort } from '../src/local/process/ports.ts';
import { loadSecrets } from '../src/local/secrets.ts';
import { find } from '../src/local/tools/find.ts';
import { mongod as tool } from '../src/local/tools/mongod.ts';
import { formatTable } from './docs/markdown.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    accounts: { type: 'string', default: '1000' },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
const accounts = Number(values.accounts);
const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-ledger-'));
const port = await findFreePort();
const log = () => undefined;
const mongod = await startMongod({ dir, port, binary: await find(tool, log), log });
const { TOKEN_KEYS, APP_SECRET } = loadSecrets(dir);
Object.assign(process.env, {
  MONGODB_URI: withDatabase(mongod.uri, 'ledger'),
  ...{ MEDIA_BUCKET: 'none', LOG_LEVEL: 'ERROR', TOKEN_KEYS, APP_SECRET },
  PRICES: JSON.stringify([
    { version: 'bench', from: '2020-01-01T00:00:00Z', prices: { reprocess: { job: 1 } } },
  ]),
  PLANS: JSON.stringify({
    BENCH: { jobs: 1e9, credits: 1e9, calls: 1e9, bytes: 1e15, documents: 1e9, uploads: 1e9 },
  }),
  SUBSCRIPTION_PLANS: '[]',
  CREDITS_PER_HOUR: '1000000000',
  CALLS_PER_MINUTE: '1000000000',
});
try {
  await promisify(execFile)(process.execPath, ['scripts/migrate.ts', 'upgrade', 'head']);
  await measure();
} finally {
  const { disconnect } = await import('../src/data/connection.ts');
  await disconnect();
  await mongod.stop();
  await rm(dir, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const bench = await import('../bench/ledger/spends.ts');
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}, 64 clients, ${seconds} s each\n`);
  await bench.prepareAccounts(accounts);
  const kinds = {
    'spends, one account': () => bench.measureSpends(seconds, 1),
    [`spends, ${accounts} accounts`]: () => bench.measureSpends(seconds, accounts),
    'groups, one account': () => bench.measureGroups(seconds),
    'groups of holds, no jobs': () => bench.measureHolds(seconds),
    'allowances, one account': () => bench.measureAllowances(seconds, 1),
    [`allowances, ${accounts} accounts`]: () => bench.measureAllowances(seconds, accounts),
  };
  const rows: string[][] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [name, run] of Object.entries(kinds)) {
      // Right beside each, since the machine may do something else as well.
      const floor = await bench.measureFloor(seconds);
      const ours = await run();
      rows.push([
        ...[String(round), name, ours.perSecond.toFixed(0), floor.perSecond.toFixed(0)],
        `${((100 * ours.perSecond) / floor.perSecond).toFixed(0)} %`,
        ...[ours.p50.toFixed(0), ours.p99.toFixed(0)],
        ...[ours.ownCpu.toFixed(2), ours.mongodCpu.toFixed(2)],
      ]);
    }
  }
  const heads = [
    'round',
    'what',
    'a second',
    'floor, a second',
    'of the floor',
    'p50, ms',
    'p99, ms',
    'CPU ms each',
    'mongod’s',
  ];
  console.log(formatTable(heads, rows));
  const { entries, perSecond } = await bench.measureVerifier();
  console.log(
    `\nThe verifier reads ${perSecond.toFixed(0)} entries and accounts a second (${entries} entries).`,
  );
}
