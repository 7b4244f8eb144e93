import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';

const path = '/v1/privacy/exports';
const common = { tag: 'Privacy', access: 'user' } as const;
const NOT_COLLECTED = 'What is held about a user cannot be exported yet.';

/** All that is held about a user, as a ZIP. */
export const privacyExportRoutes: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path,
      id: 'createPrivacyExport',
      summary: 'Ask for all that is held about you.',
    },
    NOT_COLLECTED,
  ),
  notYet(
    {
      ...common,
      method: 'GET',
      path,
      id: 'listPrivacyExports',
      summary: 'List what you have asked for.',
    },
    NOT_COLLECTED,
  ),
  notYet(
    {
      ...common,
      method: 'GET',
      path: `${path}/{id}`,
      id: 'getPrivacyExport',
      summary: 'Get one of them.',
    },
    NOT_COLLECTED,
  ),
];
