import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { CreditsTransaction } from '../src/models/billing/credits-transaction.ts';

export const creditTransactions = resource(CreditsTransaction, {
  path: '/v1/credit-transactions',
  can: { read: owner },
  include: ['user', 'payment', 'job', 'reverses'],
});

export const handler = serve(creditTransactions);
