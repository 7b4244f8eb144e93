import Joi from 'joi';
import type { Route } from '../../api/http/route.ts';
import { limitText } from '../../api/resource/input.ts';
import { notYet } from '../../api/resource/not-yet.ts';
import { SOCIAL_PROVIDERS, SocialAccount } from '../../models/social/social-account.ts';
import { owner } from '../../rules.ts';

const path = '/v1/social-accounts';
const common = { tag: 'SocialAccounts', access: 'user' } as const;
const NO_PROVIDERS = 'No social network can be reached yet.';

/** Connecting an account elsewhere by OAuth, and keeping it connected. */
export const socialAccountActions: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path: `${path}/connect`,
      id: 'connectSocialAccount',
      summary: 'Begin to connect an account elsewhere.',
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
      summary: 'Where the provider sends the user back to.',
      query: [
        { name: 'code', description: 'What the provider gives for tokens.' },
        { name: 'state', description: 'As `connect` answered it.' },
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
