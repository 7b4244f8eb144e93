import { etagOf } from '../api/etag.ts';
import { print } from '../api/output.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { byId } from '../api/verbs.ts';
import { restore } from '../services/trash.ts';
import { anyMedium } from './media-upload-schemas.ts';

/** What may be done to a medium in the trash, beside reading and deleting it for good. */
export const trashActions: Route[] = [
  {
    method: 'POST',
    path: '/v1/trash/{id}/restore',
    id: 'restoreTrashedMedium',
    summary: 'Restore a medium: it is what it was, under the same id.',
    tag: 'Trash',
    access: 'user',
    success: {
      200: { description: 'The medium.', schema: anyMedium },
    },
    codes: ['NOT_FOUND', 'VALIDATION_FAILED'],
    handle: async (ctx, request) => {
      const { entity, document } = await restore(ctx, byId(owner, ctx, request));
      const headers = { etag: etagOf(entity, document) };
      return { status: 200, json: print(entity, document), headers };
    },
  },
];
