import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { CreditsTransaction } from '../src/models/billing/credits-transaction.ts';
import { owner } from '../src/rules.ts';

export const creditTransactions = resource(CreditsTransaction, {
  path: '/v1/credit-transactions',
  can: { read: owner },
  include: ['user', 'payment', 'job', 'reverses'],
});

export const handler = serve(creditTransactions);
