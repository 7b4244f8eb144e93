// `npm run bench:ledger [-- --facts 1000000]`: what the ledger, metering and allowances cost. Each file of bench/ledger
// is a part of it, which measures on a database of its own.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startMongod } from '../src/local/mongod.ts';
import { findFreePort } from '../src/local/process/ports.ts';
import { loadSecrets } from '../src/local/secrets.ts';
import { find } from '../src/local/tools/find.ts';
import { mongod as tool } from '../src/local/tools/mongod.ts';

const { values, positionals } = parseArgs({
  options: { facts: { type: 'string', default: '1000000' } },
  allowPositionals: true,
});
const parts = (await readdir(new URL('../bench/ledger', import.meta.url)))
  .map((file) => basename(file, '.ts'))
  .filter((name) => positionals.length === 0 || positionals.includes(name));
const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-ledger-'));
const log = () => undefined;
const port = await findFreePort();
const mongod = await startMongod({ dir, port, binary: await find(tool, log), log });
const { TOKEN_KEYS, APP_SECRET } = loadSecrets(dir);
const MONGODB_URI = mongod.uri.replace('/?', '/ledger?');
Object.assign(process.env, {
  ...{ MONGODB_URI, MEDIA_BUCKET: 'none', LOG_LEVEL: 'ERROR', TOKEN_KEYS, APP_SECRET },
});
const { connect, disconnect } = await import('../src/data/connection.ts');
const { BACKGROUND } = await import('../src/data/deadlines.ts');
try {
  await promisify(execFile)(process.execPath, ['scripts/migrate.ts', 'upgrade', 'head']);
  await connect(BACKGROUND);
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}\n`);
  for (const name of parts) {
    const { measure } = (await import(`../bench/ledger/${name}.ts`)) as {
      measure: (facts: number) => Promise<void>;
    };
    await measure(Number(values.facts));
  }
} finally {
  await disconnect();
  await mongod.stop();
  await rm(dir, { recursive: true, force: true });
}
