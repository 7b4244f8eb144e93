import type { Route } from '../../api/http/route.ts';
import { notYet } from '../../api/resource/not-yet.ts';

const path = '/v1/privacy/exports';
const common = { tag: 'Privacy', access: 'user' } as const;
const NOT_COLLECTED = 'The data of a user cannot be exported yet.';

/** Exports of all data about a user, as a ZIP. */
export const privacyExportRoutes: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path,
      id: 'createPrivacyExport',
      summary: 'Request an export of all data about you.',
    },
    NOT_COLLECTED,
  ),
  notYet(
    {
      ...common,
      method: 'GET',
      path,
      id: 'listPrivacyExports',
      summary: 'List your data exports.',
    },
    NOT_COLLECTED,
  ),
  notYet(
    {
      ...common,
      method: 'GET',
      path: `${path}/{id}`,
      id: 'getPrivacyExport',
      summary: 'Get one of your data exports.',
    },
    NOT_COLLECTED,
  ),
];
