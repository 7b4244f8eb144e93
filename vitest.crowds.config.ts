import { defineSuite } from './vitest.suite.ts';

/** Many at once, lists at their bounds, parts that keep silent or break off. */
export const crowds = [
  'test/account/{equal-work,lock-outs,rate-limits,shares}.test.ts',
  'test/api/{answer-size,shared-limits}.test.ts',
  'test/audit/{appending,one-subject,storm}.test.ts',
  'test/billing/spends.test.ts',
  'test/crypto/renewal.test.ts',
  'test/data/{failover,references}.test.ts',
  'test/exports/importing.test.ts',
  'test/jobs/{dead-letters,dependents,fairness}.test.ts',
  'test/maintenance/{check-references,crash-points,reconcile,retention}.test.ts',
  'test/metering/roll-up.test.ts',
  'test/media/{reprocess-many,trash,versions}.test.ts',
  'test/metering/allowances-at-once.test.ts',
  'test/news/stream.test.ts',
  'test/providers/silence.test.ts',
  'test/uploads/{arrivals,uploads}.test.ts',
  'test/webhooks/deliveries.test.ts',
];

// Apart from the others, because each of these tests works with hundreds of documents, or waits for a part
// until it is given up.
export default defineSuite(crowds, { maxWorkers: 3 });
