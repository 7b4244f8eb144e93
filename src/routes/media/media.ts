import { addLazyParts, type Route } from '../../api/http/route.ts';
import { nameMany, nameOne } from '../../api/openapi/names.ts';
import { documentWith, idSchema } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { listOwnedFields } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { castObject } from '../../data/cast.ts';
import type { Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { AppError, notFound } from '../../errors.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import { presignGet } from '../../providers/s3-links.ts';
import { ringJobs } from '../../services/jobs/queue.ts';
import { nameDerivative, SPRITE_MAP } from '../../services/media/derivative-name.ts';
import type { Derivative, Medium } from '../../services/media/medium.ts';
import { Version } from '../../services/media/medium.ts';
import { reprocess } from '../../services/media/reprocess.ts';
import { getSignedSpriteMap } from '../../services/media/sprite-map.ts';
import { replaceBytes } from '../../services/media/versions.ts';
import { uploadSchema } from '../uploads/upload-schemas.ts';
import {
  createBody,
  createMediumRoute,
  found,
  type MediaKind,
  MOST_URLS,
  makeUpload,
  uploadActions,
} from '../uploads/uploads.ts';
import { trashRoute } from './trash.ts';

/** How long a download link is valid, in s. */
const LINK_SECONDS = 900;

/**
 * The routes of a medium beside reading and changing the document: upload, links, processing,
 * trash.
 */
export function mediaActions(entity: Entity<Medium>, path: string, kind: MediaKind): Route[] {
  return [
    createMediumRoute(entity, path, kind),
    trashRoute(entity, path),
    ...uploadActions(entity, path),
    ...fileActions(entity, path),
    ...workActions(entity, path, kind),
  ];
}

export const linkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'expiresAt'],
  properties: { url: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
};

/** Links to the files that a medium, or a version of one, has in S3. */
export function fileActions(entity: Entity<Medium>, path: string): Route[] {
  const name = nameOne(entity.name);
  const common = { tag: nameMany(entity.name), access: 'user' as const };
  return [
    {
      ...common,
      method: 'GET',
      path: `${path}/{id}/file`,
      id: `get${name}File`,
      summary: 'A link to the original file.',
      success: { 200: { description: 'A presigned link.', schema: linkSchema } },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        const document = await found(ctx, entity, request);
        if (document.status === 'AWAITING_UPLOAD') throw notArrived();
        const { filePath, contentType, fileName } = document;
        return answerLink(ctx, filePath, contentType, fileName);
      },
    },
    {
      ...common,
      method: 'GET',
      path: `${path}/{id}/derivatives/{name}`,
      id: `get${name}Derivative`,
      summary: 'A link to one of the derivatives.',
      success: { 200: { description: 'A presigned link.', schema: linkSchema } },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        const document = await found(ctx, entity, request);
        const { name } = request.params;
        if (!isDerivativeName(name)) throw notFound();
        if (document.status === 'AWAITING_UPLOAD') throw notArrived();
        const derivative = document.derivatives?.find((d: Derivative) => d.name === name);
        if (!derivative || !document.derivativesPath) throw notFound();
        if (derivative.status === 'PENDING')
          throw new AppError('INVALID_STATE', 'It is still being made.');
        const key =
          name === SPRITE_MAP
            ? await getSignedSpriteMap(ctx, document.derivativesPath)
            : `${document.derivativesPath}/${name}`;
        return answerLink(
          ctx,
          key,
          derivative.contentType,
          nameDerivative(document.fileName, derivative),
        );
      },
    },
  ];
}

function workActions(entity: Entity<Medium>, path: string, kind: MediaKind): Route[] {
  const name = nameOne(entity.name);
  const common = { tag: nameMany(entity.name), access: 'user' as const };
  return [
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/reprocess`,
      id: `reprocess${name}`,
      summary: 'Process the file again.',
      success: {
        202: {
          description: 'The document and its job.',
          schema: documentWith(`Started${name}`, entity, { job: idSchema }),
        },
      },
      codes: ['NOT_FOUND', 'INVALID_STATE', 'ALLOWANCE_EXCEEDED'],
      handle: async (ctx, request) => {
        const medium = await found(ctx, entity, request);
        const { document, job } = await reprocess(ctx, entity, medium);
        await ringJobs(ctx, job);
        return answerDocument(202, entity, document, { job: idText(job) });
      },
    },
    addLazyParts<Route>(
      {
        ...common,
        method: 'POST',
        path: `${path}/{id}/replace`,
        id: `replace${name}`,
        summary:
          'Replace the file under the same id: the old one stays until the new one is READY.',
        success: {
          201: {
            description: 'The version that will take its place, and how to upload its file.',
            schema: documentWith('CreatedVersion', MediumVersion, { upload: uploadSchema }),
          },
        },
        codes: ['NOT_FOUND', 'INVALID_STATE', 'ALLOWANCE_EXCEEDED'],
        handle: async (ctx, request) => {
          const medium = await found(ctx, entity, request);
          const file = castObject(MediumVersion.shape, request.body);
          const version = await replaceBytes(ctx, entity, medium, file as Medium);
          const upload = await makeUpload(ctx, Version, version, { from: 1, urls: MOST_URLS });
          return answerCreated('/v1/versions', Version, version, { upload });
        },
      },
      {
        body: () => createBody(MediumVersion, kind),
        owned: () => listOwnedFields(MediumVersion, 'create'),
      },
    ),
  ];
}

/** Answers a link to an object. */
export function answerLink(ctx: Ctx, key: string, contentType: string, fileName: string) {
  const expiresAt = new Date(ctx.clock() + LINK_SECONDS * 1000).toISOString();
  const url = presignGet(key, { contentType, fileName }, LINK_SECONDS);
  return { status: 200, json: { url, expiresAt } };
}

/** Whether a derivative may have this name: whoever asks for another one errs, whatever is uploaded. */
const isDerivativeName = (name: string | undefined) => /^[a-z][A-Za-z]*$/.test(name ?? '');

function notArrived(): AppError {
  return new AppError('INVALID_STATE', 'Its file has not been uploaded yet.');
}
