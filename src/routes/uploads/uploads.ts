import Joi from 'joi';
import { lazy, type Request, type Route } from '../../api/http/route.ts';
import { type Json, print } from '../../api/json/output.ts';
import { documentSchema, idSchema, withMore } from '../../api/openapi/schemas.ts';
import { etagOf } from '../../api/resource/etag.ts';
import { bodyOf, upTo } from '../../api/resource/input.ts';
import { badQuery } from '../../api/resource/list.ts';
import type { ResourceOptions } from '../../api/resource/resource-options.ts';
import { named } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { notFound } from '../../errors.ts';
import { MOST_PARTS } from '../../providers/multipart.ts';
import { presignPut } from '../../providers/s3-links.ts';
import { owner } from '../../rules.ts';
import { buildOriginalKey } from '../../services/media/keys.ts';
import type { Medium } from '../../services/media/medium.ts';
import { completeParts, type NamedPart } from '../../services/uploads/complete.ts';
import { abortParts, alreadyUploaded, openParts } from '../../services/uploads/multipart.ts';
import { buildFileFields, choosePartSize } from '../../services/uploads/new-file.ts';
import { findDuplicate, reuseBytes } from '../../services/uploads/reuse.ts';
import { createPresents, DUPLICATES, FROM_PART, uploadSchema } from './upload-schemas.ts';

/** How long the URLs of an upload hold, in s. */
const UPLOAD_SECONDS = 3600;
/** The most URLs of parts in an answer. */
export const MOST_URLS = 100;

/** What a kind of medium accepts. */
export interface MediaKind {
  contentTypes: readonly string[];
  maxBytes: number;
}

/** Neither control characters nor those that turn the direction of what follows: `gnp.exe` reads as `exe.png`. */
const NO_CONTROLS = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u;

type Query = ReadonlyMap<string, string>;

/** The options that let clients create a medium and send its bytes. */
export function uploadOptions<T extends Medium>(entity: Entity<T>, kind: MediaKind) {
  return {
    createBody: () => createBody(entity, kind),
    prepare: (ctx: Ctx, values: Record<string, unknown>, query: Query) => {
      reusesDuplicates(query);
      return prepare(ctx, entity, values);
    },
    present: presentUpload(entity),
    presents: createPresents,
    createQuery: [DUPLICATES],
  } satisfies Partial<ResourceOptions<T>>;
}

/** The body that describes a file: of a new medium, or of one that replaces another. */
export function createBody(entity: Entity, kind: MediaKind): Joi.ObjectSchema {
  return bodyOf(entity.shape, 'create').keys({
    contentType: Joi.string()
      .lowercase()
      .valid(...kind.contentTypes)
      .required(),
    size: Joi.number().strict().integer().min(1).max(kind.maxBytes).required(),
    // First of all: normalizing may make it longer.
    fileName: upTo(255, Joi.string().normalize('NFC')).pattern(NO_CONTROLS).required(),
  });
}

function prepare(ctx: Ctx, entity: Entity, values: Record<string, unknown>) {
  const keyOf = (id: UUID) => buildOriginalKey(entity, values.user as UUID, id);
  return { ...values, ...buildFileFields(ctx, values.size as number, keyOf) };
}

/** Whether the bytes of a duplicate are to be copied. @throws AppError INVALID_QUERY */
export function reusesDuplicates(query: Query): boolean {
  const wish = query.get('onDuplicate') ?? 'upload';
  if (!['upload', 'reuse'].includes(wish)) {
    throw badQuery([{ path: 'onDuplicate', message: 'is upload or reuse' }]);
  }
  return wish === 'reuse';
}

/** Adds to a new medium how to send its bytes, or what they are copied of. @param urls the most of parts */
export function presentUpload<T extends Medium>(entity: Entity<T>, urls = MOST_URLS) {
  return async (ctx: Ctx, document: T, json: Json, query: Query): Promise<Json> => {
    const medium = await whole(ctx, entity, document);
    const other = await findDuplicate(ctx, entity, medium);
    const told = { ...json, ...(other && { duplicateOf: idText(other) }) };
    if (other && reusesDuplicates(query)) {
      return { ...told, job: idText(await reuseBytes(ctx, entity, medium, other)) };
    }
    return { ...told, upload: await uploadOf(ctx, entity, medium, { from: 1, urls }) };
  };
}

/** With what is hidden: a request that was cut off may have begun an upload in parts. */
async function whole(ctx: Ctx, entity: Entity<Medium>, made: Medium): Promise<Medium> {
  if (!choosePartSize(made.size)) return made;
  const found = await findOne(ctx, entity, { _id: made._id }, { projection: { outbox: 0 } });
  if (!found) throw notFound();
  return found;
}

/** Where and how to send the bytes. */
export async function uploadOf(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
  page: { from: number; urls: number },
): Promise<Json> {
  const expiresAt = new Date(ctx.clock() + UPLOAD_SECONDS * 1000).toISOString();
  if (medium.multipart) {
    const parts = await openParts(ctx, entity, medium, { ...page, seconds: UPLOAD_SECONDS });
    return { method: 'MULTIPART', ...parts, expiresAt };
  }
  const { filePath, contentType, size } = medium;
  const checksum = medium.checksum ?? undefined;
  const signed = presignPut(filePath, { contentType, size, checksum }, UPLOAD_SECONDS, ctx.clock());
  return { ...signed, expiresAt };
}

/** What a client may do with an upload once its medium is there. */
export function uploadActions<T extends Medium>(entity: Entity<T>, path: string): Route[] {
  const { name } = entity;
  const common = { tag: `${name}s`, access: 'user' as const };
  const document = documentSchema(entity);
  const answer = (status: number, it: Medium, more: Json = {}) => {
    const json = { ...print(entity, it), ...more };
    return { status, json, headers: { etag: etagOf(entity, it) } };
  };
  return [
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/upload`,
      id: `renew${name}Upload`,
      summary: 'Renew the upload of a medium that awaits it, and say which parts have arrived.',
      query: [FROM_PART],
      success: {
        200: {
          description: 'The document, with a new `upload`.',
          schema: withMore(document, { upload: uploadSchema }),
        },
      },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        const from = readFromPart(request.query);
        const medium = await found(ctx, entity, request);
        if (medium.status !== 'AWAITING_UPLOAD') throw alreadyUploaded();
        const upload = await uploadOf(ctx, entity, medium, { from, urls: MOST_URLS });
        // Touched, so that it is not taken for forgotten.
        const awaited = { _id: medium._id, status: 'AWAITING_UPLOAD' };
        const touched = await update(ctx, entity, awaited, {}, null);
        if (!touched) throw alreadyUploaded();
        return answer(200, touched, { upload });
      },
    },
    lazy<Route>(
      {
        ...common,
        method: 'POST',
        path: `${path}/{id}/upload/complete`,
        id: `complete${name}Upload`,
        summary: 'Complete an upload in parts; any number of times.',
        // Three for each part: its place counts, too.
        mostKeys: 3 * MOST_PARTS + 1,
        success: {
          202: {
            description:
              'The document; with the `job` that goes on with it, when it takes S3 long.',
            schema: withMore(document, {}, { job: idSchema }),
          },
        },
        codes: ['NOT_FOUND', 'INVALID_STATE', 'CONFLICT'],
        handle: async (ctx, request) => {
          const medium = await found(ctx, entity, request);
          const parts = request.body.parts as NamedPart[];
          const job = await completeParts(ctx, entity, medium, parts);
          const now = await found(ctx, entity, request);
          return answer(202, now, job && { job: idText(job) });
        },
      },
      { body: completeBody },
    ),
    {
      ...common,
      method: 'DELETE',
      path: `${path}/{id}/upload`,
      id: `abort${name}Upload`,
      summary: 'Abort an upload in parts: what has arrived is gone, the document awaits its bytes.',
      success: { 204: { description: 'Gone.' } },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        await abortParts(ctx, entity, await found(ctx, entity, request));
        return { status: 204 };
      },
    },
  ];
}

function completeBody(): Joi.ObjectSchema {
  const part = Joi.object({
    partNumber: Joi.number().strict().integer().min(1).max(MOST_PARTS).required(),
    etag: upTo(128)
      .pattern(/^"?[\w.+/=-]+"?$/)
      .replace(/"/g, '')
      .required()
      .description('What S3 answered to its PUT, with or without quotes.'),
  });
  return Joi.object({ parts: Joi.array().items(part).min(1).max(MOST_PARTS).required() });
}

/** @throws AppError INVALID_QUERY */
function readFromPart(query: Query): number {
  const text = query.get('fromPart') ?? '1';
  const from = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (from >= 1 && from <= MOST_PARTS) return from;
  throw badQuery([{ path: 'fromPart', message: `is a number from 1 to ${MOST_PARTS}` }]);
}

/** The medium that a path names, with what is hidden of its files. @throws AppError NOT_FOUND */
export async function found<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  request: Request,
): Promise<T> {
  return named(ctx, { entity, rule: owner }, request, { outbox: 0, removing: 0 });
}
