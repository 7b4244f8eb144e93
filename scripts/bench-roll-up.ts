// `npm run bench:roll-up`, part of `npm run bench:ledger`: what it costs to write a million facts of usage, and to
// roll them up. `-- --facts 100000` for fewer.
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

const { values } = parseArgs({ options: { facts: { type: 'string', default: '1000000' } } });
const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-roll-up-'));
const log = () => undefined;
const port = await findFreePort();
const mongod = await startMongod({ dir, port, binary: await find(tool, log), log });
const { TOKEN_KEYS, APP_SECRET } = loadSecrets(dir);
const MONGODB_URI = withDatabase(mongod.uri, 'metering');
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
  const { measure } = await import('../bench/ledger/roll-up.ts');
  await measure(Number(values.facts));
} finally {
  await disconnect();
  await mongod.stop();
  await rm(dir, { recursive: true, force: true });
}
