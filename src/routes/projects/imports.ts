import { addLazyParts, type Route } from '../../api/http/route.ts';
import { documentWith } from '../../api/openapi/schemas.ts';
import { answerCreated } from '../../api/resource/answer.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { applyRule, store } from '../../api/resource/verbs.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { notFound } from '../../errors.ts';
import { ProjectImport } from '../../models/projects/project-import.ts';
import { owner } from '../../rules.ts';
import { buildOriginalKey } from '../../services/media/keys.ts';
import type { Medium } from '../../services/media/medium.ts';
import { buildFileFields } from '../../services/uploads/new-file.ts';
import { uploadSchema } from '../uploads/upload-schemas.ts';
import { createBody, MOST_URLS, makeUpload, uploadActions } from '../uploads/uploads.ts';

export const IMPORT_PATH = '/v1/projects/import';
/** A ZIP as clients declare it. */
const ZIP = {
  contentTypes: ['application/zip', 'application/x-zip-compressed'],
  maxBytes: 50_000_000_000,
};
/** It has the fields of an uploaded file, as media have. */
const Import = ProjectImport as Entity as Entity<Medium>;

const create: Route = Object.assign(createRoute(Import, { path: IMPORT_PATH, rule: owner }), {
  id: 'importProject',
  summary: 'Import a project from a ZIP of it: answers how to upload the ZIP.',
  success: {
    201: {
      description: 'Created.',
      schema: documentWith('CreatedProjectImport', Import, { upload: uploadSchema }),
    },
  },
  handle: async (ctx, { body }) => {
    const { user } = applyRule(owner, ctx.actor);
    const buildKey = (id: UUID) => buildOriginalKey(Import, user as UUID, id);
    const file = buildFileFields(ctx, body.size as number, buildKey);
    const { _id } = await store(ctx, Import, owner, body, file);
    const document = await findOne(ctx, Import, { _id }, WHOLE);
    if (!document) throw notFound();
    const upload = await makeUpload(ctx, Import, document, { from: 1, urls: MOST_URLS });
    return answerCreated(IMPORT_PATH, Import, document, { upload });
  },
} satisfies Partial<Route>);

/** Importing a project. */
export const importActions: Route[] = [
  addLazyParts(create, { body: () => createBody(Import, ZIP) }),
  ...uploadActions(Import, IMPORT_PATH),
];
