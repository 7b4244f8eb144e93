import { afterEach, expect } from 'vitest';
import { isConnected } from '../../src/data/connection.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';

let isChecked = true;

/** From here on this test file leaves ledgers behind that are not as the product writes them. */
export function leaveLedgerUnchecked(): void {
  isChecked = false;
}

// Whoever writes credits in a test imports this: after each test the whole ledger of its database is verified,
// with the holds, the jobs and the payments that belong to it.
afterEach(async () => {
  if (isChecked && isConnected()) expect((await verifyLedger()).fault).toBeUndefined();
});
