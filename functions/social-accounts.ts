import { resource } from '../src/api/resource.ts';
import { owner } from '../src/api/rules.ts';
import { serve } from '../src/api/serve.ts';
import { SocialAccount } from '../src/models/account/social-account.ts';
import { socialAccountActions } from '../src/routes/social-accounts.ts';

export const socialAccounts = resource(SocialAccount, {
  path: '/v1/social-accounts',
  can: { read: owner, remove: owner },
  include: ['user'],
  actions: socialAccountActions,
});

export const handler = serve(socialAccounts);
