import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { insert } from '../../src/data/write.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { postEntry } from '../../src/services/billing/ledger.ts';
import { given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { findChromium, here } from './install.ts';

place({ worker: false });

const run = promisify(execFile);

const at = (day: string) => ({ ...systemCtx('test'), clock: () => Date.parse(day) });

async function give(person: Person, day: string, amount: number, reason: string) {
  await grantCredits(at(day), { user: new UUID(person.id), amount, reason });
}

async function spend(person: Person, day: string, amount: number, type: string, project?: string) {
  const account = new UUID(person.id);
  const { _id: job } = await insert(at(day), Job, {
    ...{ user: account, type, input: {}, runAfter: new Date(day), status: 'COMPLETED' },
    ...(project && { project: new UUID(project) }),
  });
  await transaction(at(day), (tx) =>
    postEntry(tx, {
      ...{ account, type: 'SPEND', cause: 'JOB', amount: -amount, job },
      ...{ against: SYSTEM_ACCOUNTS.REVENUE, key: `test:${job}` },
    }),
  );
}

test('the statement of a month prints on a page of A4, as docs/statement.png shows it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-statement-'));
  try {
    const ada = await given.user({ email: 'ada@example.com', username: 'ada' });
    await ada.patch('/v1/users/me', { displayName: 'Ada Lovelace' });
    const [trains, light] = [
      (await ada.project({ name: 'Night trains' })).id,
      (await ada.project({ name: 'First light' })).id,
    ];
    await give(ada, '2026-10-03T09:00Z', 142, 'The first credits.');
    await give(ada, '2026-11-02T08:14Z', 500, 'A competition, won.');
    await spend(ada, '2026-11-02T08:31Z', 40, 'export', light);
    await spend(ada, '2026-11-04T19:02Z', 12, 'stream-video', light);
    await spend(ada, '2026-11-05T21:47Z', 95, 'comfyui', trains);
    await spend(ada, '2026-11-09T16:20Z', 120, 'comfyui', trains);
    await give(ada, '2026-11-10T11:05Z', 50, 'For the trouble of Tuesday.');
    await spend(ada, '2026-11-17T13:13Z', 36, 'export', trains);
    await spend(ada, '2026-11-24T22:58Z', 4, 'llm');
    const page = await ada.get('/v1/credits/statements/2026-11', { accept: 'text/html' });
    expect(page.status).toBe(200);
    const [file, pdf] = [join(folder, 'statement.html'), join(folder, 'statement.pdf')];
    await writeFile(file, page.text);
    const name = 'statement.png';
    const picture = join(process.env.WRITE_PICTURE ? join(here, '../../docs') : folder, name);
    const print = [join(here, 'browser/print.mjs'), file, await findChromium(), picture, pdf];
    const { stdout } = await run(process.execPath, print);
    expect(JSON.parse(stdout)).toEqual({ said: [] });
    expect((await readFile(pdf, 'latin1')).match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
