import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { CreditsTransaction } from '../src/models/billing/credits-transaction.ts';
import { accountHolder } from '../src/rules.ts';

export const creditTransactions = resource(CreditsTransaction, {
  path: '/v1/credit-transactions',
  can: { read: accountHolder },
  include: ['payment', 'job', 'reverses'],
});

export const handler = serve(creditTransactions);
