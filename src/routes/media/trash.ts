import type { Route } from '../../api/http/route.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { byId } from '../../api/resource/verbs.ts';
import { owner } from '../../rules.ts';
import { restore } from '../../services/media/trash.ts';
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
      const { entity, document } = await restore(ctx, byId(owner, ctx, request));
      return answerDocument(200, entity, document);
    },
  },
];
