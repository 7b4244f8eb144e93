import { idText } from '../../data/ids.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { BATCH } from './side-by-side.ts';
import type { LedgerFault } from './verify.ts';

type Entry = Pick<
  CreditsTransactionDoc,
  '_id' | 'account' | 'cause' | 'sequence' | 'payment' | 'reverses' | 'postings'
>;

const FIELDS = {
  ...({ account: 1, cause: 1, sequence: 1, payment: 1, reverses: 1, postings: 1 } as const),
};

/**
 * Verifies that each entry that reverses another takes back exactly that, once and in the same accounts; and that
 * none takes back what is of a debt, of credits that have expired, or of a payment that it is not of itself.
 */
export async function verifyCorrections(): Promise<LedgerFault | undefined> {
  const reversals = CreditsTransaction.collection
    .find<Entry>({ reverses: { $exists: true } }, { projection: FIELDS })
    .hint({ reverses: 1 })
    .batchSize(BATCH);
  try {
    while (await reversals.hasNext()) {
      const fault = await compare(reversals.readBufferedDocuments());
      if (fault) return fault;
    }
    return undefined;
  } finally {
    await reversals.close();
  }
}

async function compare(reversals: Entry[]): Promise<LedgerFault | undefined> {
  const ids = reversals.flatMap(({ reverses }) => (reverses ? [reverses] : []));
  const found = CreditsTransaction.collection.find<Entry>(
    { _id: { $in: ids } },
    { projection: FIELDS },
  );
  const byId = new Map((await found.toArray()).map((one) => [idText(one._id), one]));
  for (const entry of reversals) {
    const first = entry.reverses && byId.get(idText(entry.reverses));
    const message = findFault(first || undefined, entry);
    const { account, sequence } = entry;
    if (message) return { account: idText(account), sequence, message };
  }
  return undefined;
}

function findFault(first: Entry | undefined, entry: Entry): string | undefined {
  const { sequence } = entry;
  if (!first || !isOpposite(first, entry))
    return `Entry ${sequence} does not reverse what it says.`;
  if (first.cause === 'DEBT' || first.cause === 'EXPIRY')
    return `Entry ${sequence} reverses one of ${first.cause}, which is never reversed.`;
  if (first.payment && !entry.payment?.equals(first.payment))
    return `Entry ${sequence} reverses one of payment ${idText(first.payment)}, of which it is not.`;
  return undefined;
}

function isOpposite(first: Entry, entry: Entry): boolean {
  return entry.postings.every(({ account, amount }, n) => {
    const other = first.postings[n];
    return other?.amount === -amount && other.account.equals(account);
  });
}
