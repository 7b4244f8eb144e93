import type { Route } from '../../api/http/route.ts';
import { print } from '../../api/json/output.ts';
import { etagOf } from '../../api/resource/etag.ts';
import { byId } from '../../api/resource/verbs.ts';
import { owner } from '../../rules.ts';
import { restoreFromTrash } from '../../services/media/trash.ts';
import { anyMedium } from '../uploads/upload-schemas.ts';

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
      const { entity, document } = await restoreFromTrash(ctx, byId(owner, ctx, request));
      const headers = { etag: etagOf(entity, document) };
      return { status: 200, json: print(entity, document), headers };
    },
  },
];
