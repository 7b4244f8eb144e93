import type { Route } from '../../api/http/route.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { removeRoute } from '../../api/resource/document-routes.ts';
import { addArticle } from '../../api/resource/operation-words.ts';
import { erase, filterById } from '../../api/resource/verbs.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { owner } from '../../rules.ts';
import type { Medium } from '../../services/media/medium.ts';
import { confirmTrashed, keepInTrash, restoreFromTrash } from '../../services/media/trash.ts';
import { anyMedium } from '../uploads/upload-schemas.ts';

/** DELETE of a medium, which may be restored for a while (soft delete). */
export function trashRoute<T extends Medium>(entity: Entity<T>, path: string): Route {
  return Object.assign(removeRoute(entity, { path, rule: owner }), {
    summary: `Put ${addArticle(entity.name)} into the trash.`,
    handle: async (ctx, request) => {
      const filter = filterById(owner, ctx, request);
      const reply = await erase(ctx, entity, filter, request, keepInTrash(entity));
      await confirmTrashed(ctx, filter._id as UUID);
      return reply;
    },
  } satisfies Partial<Route>);
}

/** The routes of a medium in the trash, beside reading and deleting it for good. */
export const trashActions: Route[] = [
  {
    method: 'POST',
    path: '/v1/trash/{id}/restore',
    id: 'restoreTrashedMedium',
    summary: 'Restore a medium as it was, under the same id.',
    tag: 'Trash',
    access: 'user',
    success: {
      200: { description: 'The medium.', schema: anyMedium },
    },
    codes: ['NOT_FOUND', 'VALIDATION_FAILED'],
    handle: async (ctx, request) => {
      const { entity, document } = await restoreFromTrash(ctx, filterById(owner, ctx, request));
      return answerDocument(200, entity, document);
    },
  },
];
