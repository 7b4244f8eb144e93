import { viewParameters } from '../api/document-routes.ts';
import { bodyOf } from '../api/input.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { documentSchema } from '../api/schemas.ts';
import { allowed, change, ownedFields, read } from '../api/verbs.ts';
import { viewSchema } from '../api/views.ts';
import { UserSettings } from '../models/account/user-settings.ts';

const common = {
  path: '/v1/settings',
  tag: 'Settings',
  access: 'user',
  conditional: true,
} as const;

/** The signed-in user's settings: one document, made with the account. */
export const settingsRoutes: Route[] = [
  {
    ...common,
    method: 'GET',
    id: 'getSettings',
    summary: 'Get your settings.',
    query: viewParameters(UserSettings, []),
    success: {
      200: { description: 'The settings.', schema: viewSchema(UserSettings, []) },
      304: { description: 'Unchanged.' },
    },
    handle: (ctx, request) => read(ctx, UserSettings, allowed(owner, ctx.actor), [], request),
  },
  {
    ...common,
    method: 'PATCH',
    id: 'updateSettings',
    summary: 'Change your settings (JSON Merge Patch).',
    body: bodyOf(UserSettings.shape, 'update'),
    owned: ownedFields(UserSettings, 'update'),
    success: { 200: { description: 'What is stored now.', schema: documentSchema(UserSettings) } },
    codes: ['CONFLICT', 'PRECONDITION_FAILED'],
    handle: (ctx, request) => change(ctx, UserSettings, allowed(owner, ctx.actor), request),
  },
];
