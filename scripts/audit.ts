// `npm run audit -- verify | checkpoint | export`: the audit log of `MONGODB_URI`, or of the backend that
// runs on this machine. See USAGE.
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { withDatabase } from './database.ts';

const USAGE = `Usage: npm run audit -- verify                  reads all of it, and names what is not as it was written
       npm run audit -- checkpoint              makes a checkpoint now
       npm run audit -- checkpoint --restored   the first one after the database was restored from a backup
       npm run audit -- export [--from TIME] [--to TIME] [--user ID] [--document ID]
                                                prints events as JSON, one a line, oldest first`;

const text = { type: 'string' } as const;
const options = {
  restored: { type: 'boolean' },
  from: text,
  to: text,
  user: text,
  document: text,
} as const;

const commands = {
  verify: { takes: [], run: verify },
  checkpoint: { takes: ['restored'], run: checkpoint },
  export: { takes: ['from', 'to', 'user', 'document'], run: exportEvents },
};

const { name, given } = readArguments();
await withDatabase(async () => {
  await import('../src/models/index.ts');
  await commands[name].run(given);
});

type Given = { restored?: boolean } & Partial<Record<'from' | 'to' | 'user' | 'document', string>>;

function readArguments(): { name: keyof typeof commands; given: Given } {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [name = '', ...more] = positionals;
    if (!Object.hasOwn(commands, name) || more.length > 0) throw new Error(USAGE);
    const command = commands[name as keyof typeof commands];
    const other = Object.keys(values).find((key) => !(command.takes as string[]).includes(key));
    if (other) throw new Error(`${name} does not take --${other}.\n${USAGE}`);
    return { name: name as keyof typeof commands, given: values };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

async function verify(): Promise<void> {
  const { systemCtx } = await import('../src/context.ts');
  const { verifyAudit } = await import('../src/services/audit/verify.ts');
  const began = performance.now();
  const report = await verifyAudit(systemCtx('audit'));
  const { entries, checkpoints, covered, faults } = report;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${entries} entries and ${checkpoints} checkpoints read in ${seconds} s.`);
  console.log(`The last checkpoint vouches for ${covered} entries.`);
  if (faults.length === 0) return console.log('All of them are as they were written.');
  for (const { chain, sequence, message } of faults) {
    console.error(chain === undefined ? message : `Chain ${chain}, entry ${sequence}: ${message}.`);
  }
  process.exitCode = 1;
}

async function checkpoint({ restored = false }: Given): Promise<void> {
  const { systemCtx } = await import('../src/context.ts');
  const { makeCheckpoint } = await import('../src/services/audit/checkpoints.ts');
  const made = await makeCheckpoint(systemCtx('audit'), undefined, restored);
  console.log(made ? `${made.name} was stored.` : 'Another process has just made one.');
}

async function exportEvents({ from, to, user, document }: Given): Promise<void> {
  const { systemCtx } = await import('../src/context.ts');
  const { exportAudit } = await import('../src/services/audit/export.ts');
  const lines = exportAudit(systemCtx('audit'), { from, to, user, document });
  try {
    await pipeline(lines, process.stdout, { end: false });
  } catch (error) {
    // Whoever reads it, such as `head`, has enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
