import Joi from 'joi';
import { etagOf } from '../api/etag.ts';
import { bodyOf } from '../api/input.ts';
import { type Json, print } from '../api/output.ts';
import type { ResourceOptions } from '../api/resource-options.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { documentSchema, idSchema, withMore } from '../api/schemas.ts';
import { named } from '../api/verbs.ts';
import type { Ctx } from '../context.ts';
import type { Base, Entity } from '../data/entity.ts';
import { idText, newId, type UUID } from '../data/ids.ts';

import { AppError, notFound } from '../errors.ts';
import { presignGet, presignPut } from '../providers/s3.ts';
import { ringJobs } from '../services/jobs.ts';
import { type Derivative, type Medium, originalKey } from '../services/media-keys.ts';
import { isProcessed, reprocess } from '../services/processing.ts';
import { trashing } from '../services/trash.ts';

/** How long an upload may take to begin, in s. */
const UPLOAD_SECONDS = 3600;
/** How long a link to read by holds, in s. */
const LINK_SECONDS = 900;
/** Beyond this an upload goes in parts. */
const SINGLE_PUT = 64 * 1024 * 1024;

/** What a kind of medium accepts. */
export interface MediaKind {
  contentTypes: readonly string[];
  maxBytes: number;
}

/** The options that make a resource a medium's: uploads, links and reprocessing. */
export function media<T extends Base>(entity: Entity<T>, path: string, kind: MediaKind) {
  return {
    createBody: () => createBody(entity, kind),
    prepare: (ctx: Ctx, values: Record<string, unknown>) => prepare(ctx, entity, values),
    present: async (ctx: Ctx, document: T, json: Json) => ({
      ...json,
      upload: uploadOf(ctx, document as unknown as Medium),
    }),
    presents: { upload: uploadSchema },
    createCodes: ['NOT_IMPLEMENTED'],
    keep: trashing(entity),
    actions: actions(entity, path),
  } satisfies Partial<ResourceOptions<T>>;
}

function createBody(entity: Entity, kind: MediaKind): Joi.ObjectSchema {
  return bodyOf(entity.shape, 'create').keys({
    contentType: Joi.string()
      .lowercase()
      .valid(...kind.contentTypes)
      .required(),
    size: Joi.number().strict().integer().min(1).max(kind.maxBytes).required(),
    // First of all: normalizing may make it longer.
    fileName: Joi.string()
      .normalize('NFC')
      .max(255)
      .pattern(/^[^\p{Cc}]+$/u)
      .required(),
  });
}

function prepare(ctx: Ctx, entity: Entity, values: Record<string, unknown>) {
  if ((values.size as number) > SINGLE_PUT) {
    const message = `Files over ${SINGLE_PUT} bytes need an upload in parts, which is not there yet.`;
    throw new AppError('NOT_IMPLEMENTED', message);
  }
  const _id = ctx.promisedId ?? newId(ctx.clock());
  return { ...values, _id, filePath: originalKey(entity, values.user as UUID, _id) };
}

/** Where and how to send the bytes. */
function uploadOf(ctx: Ctx, medium: Medium): Json {
  const { filePath, contentType, size } = medium;
  const checksum = medium.checksum ?? undefined;
  const signed = presignPut(filePath, { contentType, size, checksum }, UPLOAD_SECONDS, ctx.clock());
  return { ...signed, expiresAt: signed.expiresAt.toISOString() };
}

const uploadSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['method', 'url', 'headers', 'expiresAt'],
  properties: {
    method: { const: 'PUT' },
    url: { type: 'string' },
    headers: {
      type: 'object',
      description: 'Send exactly these: they are signed.',
      additionalProperties: { type: 'string' },
    },
    expiresAt: { type: 'string', format: 'date-time' },
  },
};

export const linkSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'expiresAt'],
  properties: { url: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
};

const UNPROCESSED = ['NOT_IMPLEMENTED'] as const;

function actions<T extends Base>(entity: Entity<T>, path: string): Route[] {
  const { name } = entity;
  const common = { tag: `${name}s`, access: 'user' as const };
  return [
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/upload`,
      id: `renew${name}Upload`,
      summary: 'Renew the upload of a medium that awaits it.',
      success: {
        200: {
          description: 'The document, with a new `upload`.',
          schema: withMore(documentSchema(entity), { upload: uploadSchema }),
        },
      },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        const document = await found(ctx, entity, request);
        if (document.status !== 'AWAITING_UPLOAD') {
          throw new AppError('INVALID_STATE', 'Its bytes have arrived already.');
        }
        const json = print(entity, document);
        const headers = { etag: etagOf(entity, document) };
        return { status: 200, json: { ...json, upload: uploadOf(ctx, document) }, headers };
      },
    },
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/upload/complete`,
      id: `complete${name}Upload`,
      summary: 'Complete an upload in parts (not there yet).',
      success: {},
      codes: ['NOT_IMPLEMENTED', 'NOT_FOUND'],
      handle: async (ctx, request) => {
        await found(ctx, entity, request);
        throw new AppError('NOT_IMPLEMENTED', 'Uploads in parts are not there yet.');
      },
    },
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
        const key = `${document.derivativesPath}/${name}`;
        return link(
          ctx,
          key,
          derivative.contentType,
          derivativeName(document.fileName, derivative),
        );
      },
    },
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
      codes: ['NOT_FOUND', 'INVALID_STATE', ...(isProcessed(entity) ? [] : UNPROCESSED)],
      handle: async (ctx, request) => {
        const medium = await found(ctx, entity, request);
        const { document, job } = await reprocess(ctx, entity, medium);
        await ringJobs(ctx, job);
        const json = { ...print(entity, document), job: idText(job) };
        return { status: 202, json, headers: { etag: etagOf(entity, document) } };
      },
    },
  ];
}

/** The medium that a path names, with what is hidden of its files. @throws AppError NOT_FOUND */
export async function found(
  ctx: Ctx,
  entity: Entity,
  request: Parameters<Route['handle']>[1],
): Promise<Medium> {
  const projection = { outbox: 0, removing: 0 };
  const document = await named(ctx, { entity, rule: owner }, request, projection);
  return document as unknown as Medium;
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
