import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { SocialAccount } from '../src/models/social/social-account.ts';
import { socialAccountActions } from '../src/routes/social/social-accounts.ts';
import { owner } from '../src/rules.ts';

export const socialAccounts = resource(SocialAccount, {
  path: '/v1/social-accounts',
  can: { read: owner, remove: owner },
  include: ['user'],
  actions: socialAccountActions,
});

export const handler = serve(socialAccounts);
