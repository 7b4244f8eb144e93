import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { limitText } from '../../api/resource/input.ts';
import { notYet } from '../../api/resource/not-yet.ts';
import { SOCIAL_PROVIDERS, SocialAccount } from '../../models/social/social-account.ts';
import { owner } from '../../rules.ts';

const path = '/v1/social-accounts';
const common = { tag: 'SocialAccounts', access: 'user' } as const;
const NO_PROVIDERS = 'No social network can be reached yet.';

/** Connecting a social account by OAuth, and renewing its tokens. */
export const socialAccountActions: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path: `${path}/connect`,
      id: 'connectSocialAccount',
      summary: 'Start to connect a social account (OAuth).',
      body: Joi.object({
        provider: Joi.string()
          .valid(...SOCIAL_PROVIDERS)
          .required(),
        redirectUri: limitText(2048, Joi.string().uri({ scheme: ['http', 'https'] })).required(),
      }),
    },
    NO_PROVIDERS,
  ),
  notYet(
    {
      ...common,
      access: 'anyone',
      method: 'GET',
      path: `${path}/callback`,
      id: 'completeSocialAccount',
      summary: 'The redirect target of the OAuth flow.',
      query: [
        { name: 'code', description: 'The authorization code, which is exchanged for tokens.' },
        { name: 'state', description: 'The `state` that `connect` returned.' },
        { name: 'error', description: 'Why the provider refused.' },
      ],
    },
    NO_PROVIDERS,
  ),
  notYet(
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/refresh`,
      id: 'refreshSocialAccount',
      summary: 'Renew the tokens of a connected account.',
    },
    NO_PROVIDERS,
    { entity: SocialAccount, rule: owner },
  ),
];
