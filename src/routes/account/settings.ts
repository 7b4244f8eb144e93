import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { viewSchema } from '../../api/openapi/views.ts';
import { makeBody } from '../../api/resource/input.ts';
import { listViewParameters } from '../../api/resource/list-routes.ts';
import { applyRule, change, listOwnedFields, read } from '../../api/resource/verbs.ts';
import { UserSettings } from '../../models/account/user-settings.ts';
import { owner } from '../../rules.ts';

const common = {
  path: '/v1/settings',
  tag: 'Settings',
  access: 'user',
  conditional: true,
} as const;

/** The settings of the signed-in user: one document, created with the account. */
export const settingsRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    id: 'getSettings',
    summary: 'Get your settings.',
    query: listViewParameters(UserSettings, []),
    success: {
      200: { description: 'The settings.', schema: viewSchema(UserSettings, []) },
      304: { description: 'Unchanged.' },
    },
    handle: (ctx, request) => read(ctx, UserSettings, applyRule(owner, ctx.actor), [], request),
  },
  {
    ...common,
    method: 'PATCH',
    id: 'updateSettings',
    summary: 'Change your settings (JSON Merge Patch).',
    body: makeBody(UserSettings.shape, 'update'),
    owned: listOwnedFields(UserSettings, 'update'),
    success: {
      200: {
        description: 'The document as it is stored now.',
        schema: documentSchema(UserSettings),
      },
    },
    codes: ['CONFLICT', 'PRECONDITION_FAILED'],
    handle: (ctx, request) => change(ctx, UserSettings, applyRule(owner, ctx.actor), request),
  },
];
