// `npm run ledger -- verify` reads the whole ledger of credits, recomputes what it says, and names the first
// entry that is wrong.
import { withDatabase } from './database.ts';

const [verb, ...more] = process.argv.slice(2);
if (verb !== 'verify' || more.length > 0) {
  console.error('Usage: npm run ledger -- verify');
  process.exit(1);
}

await withDatabase(async () => {
  const { verifyLedger } = await import('../src/services/billing/verify.ts');
  const began = performance.now();
  const { accounts, entries, fault } = await verifyLedger();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${entries} entries of ${accounts} accounts read in ${seconds} s`);
  if (!fault) return console.log('All of them are as they were written.');
  console.error(`Account ${fault.account}: ${fault.message}`);
  process.exitCode = 1;
});
