import '../harness/check-ledger.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { openAccount, SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { postEntry } from '../../src/services/billing/ledger.ts';
import type { Doc, Person } from '../harness/given.ts';
import { stored } from '../harness/stored.ts';

/** So many credits for somebody, by a grant. */
export async function grant({ id }: Person, amount: number): Promise<void> {
  await grantCredits(systemCtx('test'), { user: new UUID(id), amount, reason: 'for a test' });
}

/** An entry that refers to all that entries may refer to, as its owner reads it. */
export async function makeEntry(person: Person): Promise<Doc> {
  const account = new UUID(person.id);
  const ctx = systemCtx('test');
  await openAccount(ctx, account);
  const bought = { credits: 10, status: 'COMPLETED', completedAt: new Date() };
  const [payment, job] = await Promise.all([stored(Payment, person, bought), stored(Job, person)]);
  const made = await transaction(ctx, (tx) =>
    postEntry(tx, {
      ...{ account, type: 'PURCHASE', cause: 'PACKAGE', amount: 10 },
      ...{ against: SYSTEM_ACCOUNTS.REVENUE, key: `test:${newId(Date.now())}` },
      ...{ payment: new UUID(payment), job: new UUID(job) },
    }),
  );
  const { body } = await person.get<Doc>(`/v1/credit-transactions/${idText(made._id)}`);
  return body;
}
