import type { Route } from '../../api/http/route.ts';
import { answerDocument } from '../../api/resource/answer.ts';
import { filterById } from '../../api/resource/verbs.ts';
import { owner } from '../../rules.ts';
import { Version } from '../../services/media/medium.ts';
import { restoreVersion } from '../../services/media/versions.ts';
import { anyMedium } from '../uploads/upload-schemas.ts';
import { uploadActions } from '../uploads/uploads.ts';
import { fileActions } from './media.ts';

const path = '/v1/versions';

/** The routes of a version of a medium, beside reading and deleting it. */
export const versionActions: Route[] = [
  ...uploadActions(Version, path),
  ...fileActions(Version, path),
  {
    method: 'POST',
    path: `${path}/{id}/restore`,
    id: 'restoreMediumVersion',
    summary:
      'Restore this version: the medium takes its file, and the current file becomes a version.',
    tag: 'MediumVersions',
    access: 'user',
    success: { 200: { description: 'The medium.', schema: anyMedium } },
    codes: ['NOT_FOUND', 'INVALID_STATE', 'CONFLICT'],
    handle: async (ctx, request) => {
      const { entity, document } = await restoreVersion(ctx, filterById(owner, ctx, request));
      return answerDocument(200, entity, document);
    },
  },
];
