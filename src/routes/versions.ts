import { etagOf } from '../api/etag.ts';
import { print } from '../api/output.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { byId } from '../api/verbs.ts';
import { MediumVersion } from '../models/studio/medium-version.ts';
import { restoreVersion } from '../services/versions.ts';
import { fileActions } from './media.ts';
import { anyMedium } from './media-upload-schemas.ts';
import { uploadActions } from './media-uploads.ts';

const path = '/v1/versions';

/** What may be done with a version of a medium, beside reading and deleting it. */
export const versionActions: Route[] = [
  ...uploadActions(MediumVersion, path),
  ...fileActions(MediumVersion, path),
  {
    method: 'POST',
    path: `${path}/{id}/restore`,
    id: 'restoreMediumVersion',
    summary: 'Give the medium these bytes back; those that it has become a version in turn.',
    tag: 'MediumVersions',
    access: 'user',
    success: { 200: { description: 'The medium.', schema: anyMedium } },
    codes: ['NOT_FOUND', 'INVALID_STATE', 'CONFLICT'],
    handle: async (ctx, request) => {
      const { entity, document } = await restoreVersion(ctx, byId(owner, ctx, request));
      const headers = { etag: etagOf(entity, document) };
      return { status: 200, json: print(entity, document), headers };
    },
  },
];
