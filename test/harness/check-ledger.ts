import { afterEach, expect } from 'vitest';
import { isConnected } from '../../src/data/connection.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';

let isLeftOut = false;

/** Leaves out the check after this test, which leaves a ledger behind that is meant to be wrong. */
export function leaveLedgerWrong(): void {
  isLeftOut = true;
}

// Whoever writes credits in a test imports this: after each test the whole ledger of its database is verified,
// with the holds, the jobs and the payments that belong to it.
afterEach(async () => {
  if (isConnected() && !isLeftOut) expect((await verifyLedger()).fault).toBeUndefined();
  isLeftOut = false;
});
