import Joi from 'joi';
import { etagOf } from '../api/etag.ts';
import { bodyOf } from '../api/input.ts';
import { type Json, print } from '../api/output.ts';
import type { Request, Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { documentSchema, withMore } from '../api/schemas.ts';
import { named } from '../api/verbs.ts';
import type { Ctx } from '../context.ts';
import type { Base, Entity } from '../data/entity.ts';
import { newId, type UUID } from '../data/ids.ts';
import { AppError } from '../errors.ts';
import { presignPut } from '../providers/s3.ts';
import { type Medium, originalKey } from '../services/media-keys.ts';

/** How long an upload may take to begin, in s. */
const UPLOAD_SECONDS = 3600;
/** Beyond this an upload goes in parts. */
const SINGLE_PUT = 64 * 1024 * 1024;

/** What a kind of medium accepts. */
export interface MediaKind {
  contentTypes: readonly string[];
  maxBytes: number;
}

/** The options that let clients create a medium and send its bytes. */
export function uploadOptions<T extends Base>(entity: Entity<T>, kind: MediaKind) {
  return {
    createBody: () => createBody(entity, kind),
    prepare: (ctx: Ctx, values: Record<string, unknown>) => prepare(ctx, entity, values),
    present: async (ctx: Ctx, document: T, json: Json) => ({
      ...json,
      upload: uploadOf(ctx, document as unknown as Medium),
    }),
    presents: { upload: uploadSchema },
    createCodes: ['NOT_IMPLEMENTED' as const],
  };
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

/** What a client may do with an upload once its medium is there. */
export function uploadActions<T extends Base>(entity: Entity<T>, path: string): Route[] {
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
  ];
}

/** The medium that a path names, with what is hidden of its files. @throws AppError NOT_FOUND */
export async function found(ctx: Ctx, entity: Entity, request: Request): Promise<Medium> {
  const projection = { outbox: 0, removing: 0 };
  const document = await named(ctx, { entity, rule: owner }, request, projection);
  return document as unknown as Medium;
}
