import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { insert } from '../../src/data/write.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { openAccount, SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { adjustCredits } from '../../src/services/billing/adjust.ts';
import { takeBack } from '../../src/services/billing/debt.ts';
import { expireLots } from '../../src/services/billing/expire-lots.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { postEntry } from '../../src/services/billing/ledger.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';

place({ worker: false });

const on = (day: string) => ({ ...systemCtx('test'), clock: () => Date.parse(day) });
const html = { accept: 'text/html' };

async function give(person: Person, day: string, amount: number, reason = 'A gift.') {
  await grantCredits(on(day), { user: new UUID(person.id), amount, reason });
}

async function spend(person: Person, day: string, amount: number, job: Partial<Doc>) {
  const account = new UUID(person.id);
  const ctx = on(day);
  await openAccount(ctx, account);
  const { _id } = await insert(ctx, Job, {
    ...{ user: account, input: {}, runAfter: new Date(day), status: 'COMPLETED', ...job },
  });
  const entry = { account, type: 'SPEND', cause: 'JOB', amount: -amount, job: _id } as const;
  const to = { against: SYSTEM_ACCOUNTS.REVENUE, key: `test:${_id}` };
  await transaction(ctx, (tx) => postEntry(tx, { ...entry, ...to }));
}

/** Somebody with entries in April, May and June. */
async function spender(name = 'First light'): Promise<{ alice: Person; project: Doc }> {
  const alice = await given.user();
  const project = await alice.project({ name });
  const inProject = { type: 'export', project: new UUID(project.id) as unknown as string };
  await give(alice, '2026-04-30T23:59:59.999Z', 100);
  await spend(alice, '2026-05-01T00:00:00.000Z', 30, inProject);
  await spend(alice, '2026-05-20T12:00:00.000Z', 5, inProject);
  await spend(alice, '2026-05-21T12:00:00.000Z', 7, { type: 'stream-video' });
  await give(alice, '2026-05-31T23:59:59.999Z', 50, '=1+1, "for May"');
  await spend(alice, '2026-06-01T00:00:00.000Z', 1, { type: 'export' });
  return { alice, project };
}

const rowsOf = (text: string) => text.trimEnd().split('\r\n').slice(1);

test('the statement of a month has its entries between the balances before and after', async () => {
  const { alice } = await spender();
  const { text, headers } = await alice.get('/v1/credits/statements/2026-05');
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(text.split('\r\n')).toEqual([
    'number,at,type,cause,amount,balance,job,project,reason',
    ',2026-05-01T00:00:00.000Z,OPENING,,,100,,,',
    '2,2026-05-01T00:00:00.000Z,SPEND,JOB,-30,70,export,First light,',
    '3,2026-05-20T12:00:00.000Z,SPEND,JOB,-5,65,export,First light,',
    '4,2026-05-21T12:00:00.000Z,SPEND,JOB,-7,58,stream-video,,',
    `5,2026-05-31T23:59:59.999Z,BONUS,GRANT,50,108,,,"'=1+1, ""for May"""`,
    ',2026-06-01T00:00:00.000Z,CLOSING,,,108,,,',
    '',
  ]);
});

test('each entry is in the statement of exactly one month, and each month begins as the last one ended', async () => {
  const { alice } = await spender();
  const months = ['2026-03', '2026-04', '2026-05', '2026-06', '2026-07'];
  const numbers: string[] = [];
  let balance = '0';
  for (const month of months) {
    const rows = rowsOf((await alice.get(`/v1/credits/statements/${month}`)).text);
    const cells = rows.map((row) => row.split(','));
    expect(cells[0]?.[5], month).toBe(balance);
    balance = cells.at(-1)?.[5] as string;
    numbers.push(...cells.slice(1, -1).map(([number]) => number as string));
  }
  expect([numbers, balance]).toEqual([['1', '2', '3', '4', '5', '6'], '107']);
});

test('a statement that is read in parts has each entry once', async () => {
  const { alice } = await spender();
  const { text } = await alice.get('/v1/credits/statements/2026-05?after=3');
  expect(rowsOf(text).map((row) => row.split(',')[0])).toEqual(['', '4', '5', '']);
});

test('the page of a statement shows the same, and no text of a user is part of its HTML', async () => {
  const { alice } = await spender('<script>alert(1)</script>');
  const { text, headers } = await alice.get('/v1/credits/statements/2026-05', html);
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  for (const shown of ['May 2026', alice.email, '−30', '+50', '108', 'stream-video'])
    expect(text).toContain(shown);
  expect(text).toContain('&lt;script&gt;alert(1)');
  expect(text).not.toContain('<script');
});

test('what is no month is refused, and named', async () => {
  const alice = await given.user();
  for (const month of ['2026-13', '2026-5', 'may', '1999-01']) {
    const answer = await alice.get(`/v1/credits/statements/${month}`);
    expect(answer, month).toMatchObject({ status: 400, body: { errors: [{ path: 'month' }] } });
  }
  const after = await alice.get('/v1/credits/statements/2026-05?after=-1');
  expect(after).toMatchObject({ status: 400, body: { errors: [{ path: 'after' }] } });
  const month = await alice.get('/v1/credits/spend?month=2026');
  expect(month).toMatchObject({ status: 400, body: { errors: [{ path: 'month' }] } });
});

test('spend is shown by job type and by project', async () => {
  const { alice, project } = await spender();
  const { body } = await alice.get('/v1/credits/spend?month=2026-05');
  expect(body).toEqual({
    ...{ month: '2026-05', total: 42 },
    byType: [
      { type: 'export', credits: 35, jobs: 2 },
      { type: 'stream-video', credits: 7, jobs: 1 },
    ],
    byProject: [
      { project: project.id, name: 'First light', credits: 35, jobs: 2 },
      { project: null, name: null, credits: 7, jobs: 1 },
    ],
  });
  const none = { total: 0, byType: [], byProject: [] };
  expect((await alice.get('/v1/credits/spend?month=2026-07')).body).toMatchObject(none);
  expect((await (await given.user()).get('/v1/credits/spend')).body).toMatchObject(none);
});

test('neither a debt that is paid, nor what expires or is taken, counts as spent on a job', async () => {
  const { alice, project } = await spender();
  const account = new UUID(alice.id);
  const inJuly = on('2026-07-01T12:00:00.000Z');
  await spend(alice, '2026-07-01T11:00:00.000Z', 4, {
    type: 'export',
    project: new UUID(project.id) as unknown as string,
  });
  await spend(alice, '2026-07-01T11:30:00.000Z', 6, { type: 'stream-video' });
  const expiresAt = new Date('2026-07-01T13:00:00.000Z');
  await grantCredits(inJuly, { user: account, amount: 3, reason: 'for an hour', expiresAt });
  await expireLots(on('2026-07-01T14:00:00.000Z'));
  await adjustCredits(inJuly, { user: account, amount: -2, reason: 'a mistake', by: account });
  const back = { account, type: 'REFUND', cause: 'PACKAGE', amount: -1000 } as const;
  const to = { against: SYSTEM_ACCOUNTS.REFUNDS, key: `test:${newId(Date.now())}` };
  await transaction(inJuly, (tx) => takeBack(tx, { ...back, ...to }));
  await give(alice, '2026-07-01T16:00:00.000Z', 2000);
  const { body } = await alice.get('/v1/credits/spend?month=2026-07');
  expect(body).toEqual({
    ...{ month: '2026-07', total: 10 },
    byType: [
      { type: 'stream-video', credits: 6, jobs: 1 },
      { type: 'export', credits: 4, jobs: 1 },
    ],
    byProject: [
      { project: null, name: null, credits: 6, jobs: 1 },
      { project: project.id, name: 'First light', credits: 4, jobs: 1 },
    ],
  });
});

test('an administrator sees an account as a whole, and nobody else does', async () => {
  const { alice } = await spender();
  const root = await given.admin();
  const path = `/v1/admin/accounts/${alice.id}`;
  expect((await alice.get(path)).status).toBe(403);
  const unknown = '/v1/admin/accounts/00000000-0000-7000-8000-00000000abcd';
  expect((await root.get(unknown)).status).toBe(404);
  const { body } = await root.get<{ entries: Doc[] }>(path);
  expect(body).toMatchObject({
    user: { id: alice.id, email: alice.email, isActive: true },
    credits: { balance: 107, held: 0, available: 107, isFrozen: false },
    holds: [],
  });
  expect(body.entries.map(({ amount }) => amount)).toEqual([-1, 50, -7, -5, -30, 100]);
});

test('credits are one read, and no statement scans', async () => {
  const { alice } = await spender();
  await alice.get('/v1/credits');
  const all = await profileOf(() => alice.get('/v1/credits'));
  // How often somebody calls is counted in a process, and written now and then.
  const read = all.filter(({ ns }) => !ns.endsWith('rateCounts'));
  expect(read.map(({ op, ns }) => `${op} ${ns.split('.')[1]}`)).toEqual(['query creditAccounts']);
  const commands = await profileOf(async () => {
    await alice.get('/v1/credits/statements/2026-05', html);
    await alice.get('/v1/credits/spend?month=2026-05');
  });
  for (const { ns, planSummary, hasSortStage } of commands) {
    expect(planSummary ?? '', ns).not.toMatch(/COLLSCAN/);
    // What it sorts are sums, of a hundred projects at most.
    if (!ns.endsWith('creditsTransactions')) expect(hasSortStage ?? false, ns).toBe(false);
  }
});
