import { lazy, type Route } from '../../api/http/route.ts';
import { print } from '../../api/json/output.ts';
import { documentSchema, idSchema, withMore } from '../../api/openapi/schemas.ts';
import { etagOf } from '../../api/resource/etag.ts';
import type { ResourceOptions } from '../../api/resource/resource-options.ts';
import { ownedFields } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import { castObject } from '../../data/cast.ts';
import type { Entity } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { AppError, notFound } from '../../errors.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import { presignGet } from '../../providers/s3-links.ts';
import { ringJobs } from '../../services/jobs/queue.ts';
import type { Derivative, Medium } from '../../services/media/medium.ts';
import { Version } from '../../services/media/medium.ts';
import { reprocess } from '../../services/media/reprocess.ts';
import { getSignedSpriteMap, SPRITE_MAP } from '../../services/media/sprite-map.ts';
import { keepInTrash } from '../../services/media/trash.ts';
import { replaceBytes } from '../../services/media/versions.ts';
import { uploadSchema } from '../uploads/upload-schemas.ts';
import {
  createBody,
  found,
  type MediaKind,
  MOST_URLS,
  uploadActions,
  uploadOf,
  uploadOptions,
} from '../uploads/uploads.ts';

/** How long a link to read by holds, in s. */
const LINK_SECONDS = 900;

/** The options that make a resource a medium's: uploads, links and reprocessing. */
export function media<T extends Medium>(entity: Entity<T>, path: string, kind: MediaKind) {
  return {
    ...uploadOptions(entity, kind),
    keep: keepInTrash(entity),
    actions: [
      ...uploadActions(entity, path),
      ...fileActions(entity, path),
      ...workActions(entity, path, kind),
    ],
  } satisfies Partial<ResourceOptions<T>>;
}

export const linkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'expiresAt'],
  properties: { url: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
};

/** Links to what a medium, or a version of one, has in S3. */
export function fileActions<T extends Medium>(entity: Entity<T>, path: string): Route[] {
  const { name } = entity;
  const common = { tag: `${name}s`, access: 'user' as const };
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
        if (document.status === 'AWAITING_UPLOAD') throw notYet();
        const { filePath, contentType, fileName } = document;
        return link(ctx, filePath, contentType, fileName);
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
        const derivative = document.derivatives?.find((d: Derivative) => d.name === name);
        if (!derivative || !document.derivativesPath) throw notFound();
        if (derivative.status === 'PENDING')
          throw new AppError('INVALID_STATE', 'It is being made.');
        const key =
          name === SPRITE_MAP
            ? await getSignedSpriteMap(ctx, document.derivativesPath)
            : `${document.derivativesPath}/${name}`;
        return link(
          ctx,
          key,
          derivative.contentType,
          derivativeName(document.fileName, derivative),
        );
      },
    },
  ];
}

function workActions<T extends Medium>(entity: Entity<T>, path: string, kind: MediaKind): Route[] {
  const { name } = entity;
  const common = { tag: `${name}s`, access: 'user' as const };
  return [
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/reprocess`,
      id: `reprocess${name}`,
      summary: 'Look at the bytes once more.',
      success: {
        202: {
          description: 'The document and its job.',
          schema: withMore(documentSchema(entity), { job: idSchema }),
        },
      },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        const medium = await found(ctx, entity, request);
        const { document, job } = await reprocess(ctx, entity, medium);
        await ringJobs(ctx, job);
        const json = { ...print(entity, document), job: idText(job) };
        return { status: 202, json, headers: { etag: etagOf(entity, document) } };
      },
    },
    lazy<Route>(
      {
        ...common,
        method: 'POST',
        path: `${path}/{id}/replace`,
        id: `replace${name}`,
        summary:
          'Replace its bytes, keeping its id: it stays as it is until the new ones are READY.',
        success: {
          201: {
            description: 'The version that is to take its place, with how to send its bytes.',
            schema: withMore(documentSchema(MediumVersion), { upload: uploadSchema }),
          },
        },
        codes: ['NOT_FOUND', 'INVALID_STATE'],
        handle: async (ctx, request) => {
          const medium = await found(ctx, entity, request);
          const file = castObject(MediumVersion.shape, request.body);
          const version = await replaceBytes(ctx, entity, medium, file as unknown as Medium);
          const upload = await uploadOf(ctx, Version, version, {
            from: 1,
            urls: MOST_URLS,
          });
          const json = print(MediumVersion, version);
          return {
            status: 201,
            json: { ...json, upload },
            headers: {
              location: `/v1/versions/${json.id}`,
              etag: etagOf(Version, version),
            },
          };
        },
      },
      {
        body: () => createBody(MediumVersion, kind),
        owned: () => ownedFields(MediumVersion, 'create'),
      },
    ),
  ];
}

/** An answer with a link to an object. */
export function link(ctx: Ctx, key: string, contentType: string, fileName: string) {
  const expiresAt = new Date(ctx.clock() + LINK_SECONDS * 1000).toISOString();
  const url = presignGet(key, { contentType, fileName }, LINK_SECONDS);
  return { status: 200, json: { url, expiresAt } };
}

const EXTENSIONS: Record<string, string> = {
  'application/json': 'json',
  'audio/mp4': 'm4a',
  'image/avif': 'avif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'text/vtt': 'vtt',
  'video/mp4': 'mp4',
};

/** `song.ogg` → `song-preview.m4a`. */
export function derivativeName(
  fileName: string,
  { name, contentType }: Pick<Derivative, 'name' | 'contentType'>,
): string {
  const base = fileName.replace(/\.[^.]*$/, '') || fileName;
  return `${base}-${name}.${EXTENSIONS[contentType] ?? 'bin'}`;
}

function notYet(): AppError {
  return new AppError('INVALID_STATE', 'Its bytes have not arrived yet.');
}
