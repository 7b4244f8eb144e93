import './capped.ts';
import '../harness/place.ts';
import { expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { CreditHold } from '../../src/models/billing/credit-hold.ts';
import { SpendingControl } from '../../src/models/billing/spending-control.ts';
import { log } from '../../src/providers/log.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { openAccount, SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { takeBack } from '../../src/services/billing/debt.ts';
import { expireLots } from '../../src/services/billing/expire-lots.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import type { NewEntry } from '../../src/services/billing/ledger.ts';
import { computePrice, readPrices } from '../../src/services/billing/prices.ts';
import { forgetSpending } from '../../src/services/billing/spending.ts';
import { tendAccounts } from '../../src/services/billing/tend.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { grantWelcome, readMailbox } from '../../src/services/billing/welcome.ts';
import { cancelJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { grant } from './make-entry.ts';
import { paid, paidTypes } from './paid-type.ts';

place({ worker: false });

const ctx = systemCtx('test');
const start = (person: Person, price: number, use = price) =>
  enqueue(ctx, paid, { input: { price, use }, user: new UUID(person.id) });
async function workAll(): Promise<void> {
  while ((await workOnce(ctx, paidTypes, () => 900_000)) !== 'IDLE');
}

const creditsOf = async (person: Person) => (await person.get('/v1/credits')).body;

async function limitDay({ id }: Person, credits: number): Promise<void> {
  const root = await given.admin();
  const body = { user: id, limits: { credits }, reason: 'for a test' };
  expect((await root.post('/v1/allowances/overrides', body)).status).toBe(200);
}

/** What was told to whoever is on call while `work` ran. */
async function alarmsOf(work: (told: typeof ctx) => Promise<unknown>): Promise<unknown[]> {
  const alarms: unknown[] = [];
  const error = (_: string, more: { alarm?: string }) => alarms.push(more.alarm);
  await work({ ...ctx, log: { ...log, error, warn: () => undefined } as never });
  return alarms;
}

test('an account spends so much in a day, and what was not spent after all does not count', async () => {
  const alice = await given.user();
  await grant(alice, 100);
  await limitDay(alice, 50);
  const first = await start(alice, 30);
  await expect(start(alice, 30)).rejects.toMatchObject({
    code: 'ALLOWANCE_EXCEEDED',
    allowance: {
      metric: 'CREDITS',
      used: 30,
      left: 20,
      renewsAt: expect.stringMatching(/T00:00:00/),
    },
  });
  await cancelJob(ctx, paidTypes, { _id: first._id });
  await start(alice, 50, 10);
  await workAll();
  await start(alice, 40);
  await expect(start(alice, 1)).rejects.toMatchObject({ code: 'ALLOWANCE_EXCEEDED' });
  expect(await alarmsOf(tendAccounts)).toEqual(['ACCOUNT_SPEND_CAP']);
  expect(await alarmsOf(tendAccounts)).toEqual([]);
  expect((await verifyLedger()).fault).toBeUndefined();
});

test('an administrator stops paid work and lets it go on, with a reason that is audited', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  await grant(alice, 10);
  const stop = { isStopped: true, reason: 'A provider charges too much.' };
  expect((await alice.post('/v1/admin/spending', stop)).status).toBe(403);
  expect((await root.post('/v1/admin/spending', stop)).body).toMatchObject(stop);
  const now = await root.get('/v1/admin/spending');
  expect(now).toMatchObject({ status: 200, body: { isStopped: true } });
  await expect(start(alice, 1)).rejects.toMatchObject({
    code: 'PAID_WORK_STOPPED',
    retryAfter: 60,
  });
  expect((await start(alice, 0)).quote).toBeUndefined();
  expect(await alarmsOf(tendAccounts)).toEqual(['PAID_WORK_STOPPED']);
  await root.post('/v1/admin/spending', { isStopped: false, reason: 'It is mended.' });
  expect((await start(alice, 1)).quote).toBe(1);
  await appendToChain(ctx);
  const events = await AuditEvent.collection.find({ entity: 'SpendingControl' }).toArray();
  expect(events.map(({ action }) => action).sort()).toEqual(['resume-paid-work', 'stop-paid-work']);
});

test('administrators adjust by entries with a reason, and reverse an entry once', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const adjust = (amount: number) =>
    root.post<Doc>('/v1/credits/adjustments', { user: alice.id, amount, reason: 'a mistake' });
  const { body: entry } = await adjust(40);
  expect(entry).toMatchObject({
    type: 'BONUS',
    cause: 'ADJUSTMENT',
    amount: 40,
    reason: 'a mistake',
  });
  expect((await adjust(-15)).body).toMatchObject({ type: 'SPEND', amount: -15, balanceAfter: 25 });
  expect((await adjust(-26)).status).toBe(402);
  expect((await adjust(0)).status).toBe(422);
  const reverse = (of: string) =>
    root.post<Doc>('/v1/credits/reversals', { entry: of, reason: 'It was wrong.' });
  expect((await reverse(entry.id)).status).toBe(402);
  await adjust(15);
  const reversed = await reverse(entry.id);
  expect(reversed.body).toMatchObject({ amount: -40, reverses: entry.id, balanceAfter: 0 });
  expect((await reverse(entry.id)).body.id).toBe(reversed.body.id);
  expect((await reverse(reversed.body.id)).status).toBe(409);
  expect((await verifyLedger()).fault).toBeUndefined();
});

test('the first credits come once for an account, and once for a mailbox, whoever has it', async () => {
  const [alice, bob] = [newId(Date.now()), newId(Date.now())];
  const mailbox = `a.da.${alice.toHexString().slice(-6)}`;
  const welcome = async (account: UUID, email: string) => {
    await openAccount(ctx, account);
    await transaction(ctx, (tx) => grantWelcome(tx, account, email));
  };
  await welcome(alice, `${mailbox}@gmail.com`);
  await welcome(alice, `another.${mailbox}@example.com`);
  await welcome(bob, `${mailbox.replaceAll('.', '')}+again@googlemail.com`);
  const { findAccount } = await import('../../src/services/billing/accounts.ts');
  expect((await findAccount(ctx, alice))?.available).toBe(25);
  expect((await findAccount(ctx, bob))?.available).toBe(0);
  expect(readMailbox('A.B+c@Example.com')).toBe('a.b@example.com');
});

test('credits that expire are spent first, and what running work holds stays', async () => {
  const alice = await given.user();
  const user = new UUID(alice.id);
  const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000);
  await grant(alice, 10);
  await grantCredits(ctx, { user, amount: 30, reason: 'for a day', expiresAt: inHours(24) });
  await grantCredits(ctx, { user, amount: 20, reason: 'for an hour', expiresAt: inHours(1) });
  await start(alice, 25);
  await workAll();
  const after = (hours: number) => ({ ...ctx, clock: () => Date.now() + hours * 3_600_000 });
  // All 20 of the hour are spent, and 5 of those of the day.
  expect(await expireLots(after(2))).toBe(0);
  const job = await start(alice, 20);
  // 15 are left, of which 10 do not expire: 15 of the 25 can be taken.
  expect(await expireLots(after(25))).toBe(1);
  expect(await creditsOf(alice)).toEqual({ balance: 20, held: 20, available: 0 });
  await cancelJob(ctx, paidTypes, { _id: job._id });
  expect(await expireLots(after(25))).toBe(1);
  expect(await creditsOf(alice)).toEqual({ balance: 10, held: 0, available: 10 });
  expect((await verifyLedger()).fault).toBeUndefined();
});

test('of credits that expire those are gone at once that pay a debt', async () => {
  const alice = await given.user();
  const account = new UUID(alice.id);
  await openAccount(ctx, account);
  const taken = { account, type: 'REFUND', cause: 'PACKAGE', amount: -10, key: `test:${alice.id}` };
  const against = SYSTEM_ACCOUNTS.REFUNDS;
  await transaction(ctx, (tx) => takeBack(tx, { ...taken, against } as NewEntry));
  const expiresAt = new Date(Date.now() + 60_000);
  await grantCredits(ctx, { user: account, amount: 15, reason: 'for a test', expiresAt });
  expect(await creditsOf(alice)).toMatchObject({ balance: 5, available: 5 });
  expect((await verifyLedger()).fault).toBeUndefined();
  expect(await expireLots({ ...ctx, clock: () => Date.now() + 120_000 })).toBe(1);
  expect(await creditsOf(alice)).toMatchObject({ balance: 0, available: 0 });
});

test('prices have versions, and are rounded up to whole credits', () => {
  expect(readPrices(ctx)).toMatchObject({ version: 'free', prices: {} });
  expect(computePrice(ctx, 'export', { minutes: 100 })).toBe(0);
});

// The last one, since nothing can be spent after it.
test('all accounts together spend so much in an hour, and then somebody is told', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  await Promise.all([grant(alice, 2000), grant(bob, 2000)]);
  const later = { ...ctx, clock: () => Date.now() + 3_600_000 };
  forgetSpending();
  await start(alice, 600);
  await expect(start(bob, 600)).rejects.toMatchObject({ code: 'PAID_WORK_STOPPED' });
  expect(await creditsOf(bob)).toEqual({ balance: 2000, held: 0, available: 2000 });
  const { body } = await (await given.admin()).get('/v1/admin/spending');
  expect(body).toMatchObject({ isStopped: false, limit: 1000 });
  expect(body.spent).toBeGreaterThanOrEqual(600);
  forgetSpending();
  await start(bob, 1000 - (body.spent as number));
  await SpendingControl.collection.updateMany({}, { $unset: { measuredAt: '' } });
  expect(await alarmsOf(tendAccounts)).toEqual(['APP_SPEND_CAP']);
  expect(await alarmsOf(tendAccounts)).toEqual([]);
  // In the next hour it goes on.
  forgetSpending();
  await enqueue(later, paid, { input: { price: 300, use: 1 }, user: new UUID(bob.id) });
  forgetSpending();
  await SpendingControl.collection.deleteMany({});
});

test('where one of the things fails that are done each minute, the others are done, and the failure is told', async () => {
  const alice = await given.user();
  const soon = new Date(Date.now() + 60_000);
  const user = new UUID(alice.id);
  await grantCredits(ctx, { user, amount: 15, reason: 'for a test', expiresAt: soon });
  const aggregate = vi.spyOn(CreditHold.collection, 'aggregate').mockImplementationOnce(() => {
    throw new Error('It broke.');
  });
  const later = { ...ctx, clock: () => Date.now() + 120_000 };
  await expect(tendAccounts(later)).rejects.toThrow('It broke.');
  aggregate.mockRestore();
  expect(await creditsOf(alice)).toMatchObject({ balance: 0 });
});
