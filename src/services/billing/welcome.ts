import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { SYSTEM_ACCOUNTS } from './accounts.ts';
import { postEntry } from './ledger.ts';

/**
 * Gives the first credits to who has confirmed an address, in the transaction of that: once for an account, and
 * once for an address, whoever had it before. The account must have been opened.
 */
export async function grantWelcome(tx: Ctx, account: UUID, email: string): Promise<void> {
  const amount = config.welcomeCredits;
  if (amount === 0) return;
  const before = { account, cause: 'WELCOME' };
  if (await findOne(tx, CreditsTransaction, before, { projection: { _id: 1 } })) return;
  await postEntry(tx, {
    ...{ account, type: 'BONUS', cause: 'WELCOME', amount, reason: 'The first credits.' },
    ...{ against: SYSTEM_ACCOUNTS.PROMOTIONS, key: `welcome:${hashText(readMailbox(email))}` },
  });
}

/** The domains that ignore dots in a name. */
const DOTLESS = new Set(['gmail.com', 'googlemail.com']);

/** The mailbox that an address leads to: `a.da+x@gmail.com` is `ada@gmail.com`. */
export function readMailbox(email: string): string {
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1).toLowerCase();
  const name = email.slice(0, at).toLowerCase().replace(/\+.*$/s, '');
  if (!DOTLESS.has(domain)) return `${name}@${domain}`;
  return `${name.replaceAll('.', '')}@gmail.com`;
}
