import Joi from 'joi';
import { addLazyParts, type Reply, type Request, type Route } from '../../api/http/route.ts';
import type { Json } from '../../api/json/document.ts';
import { nameMany, nameOne } from '../../api/openapi/names.ts';
import { documentWith, idSchema } from '../../api/openapi/schemas.ts';
import { answerCreated, answerDocument } from '../../api/resource/answer.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { limitText, makeBody } from '../../api/resource/input.ts';
import { visibleText } from '../../api/resource/text.ts';
import { applyRule, findNamed, store } from '../../api/resource/verbs.ts';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { invalidQuery, notFound } from '../../errors.ts';
import { MOST_PARTS } from '../../providers/multipart.ts';
import { presignPut } from '../../providers/s3-links.ts';
import { owner } from '../../rules.ts';
import { buildOriginalKey } from '../../services/media/keys.ts';
import type { Medium } from '../../services/media/medium.ts';
import { completeParts, type NamedPart } from '../../services/uploads/complete.ts';
import { abortParts, alreadyUploaded, openParts } from '../../services/uploads/multipart.ts';
import { buildFileFields, choosePartSize } from '../../services/uploads/new-file.ts';
import { findDuplicate, reuseBytes } from '../../services/uploads/reuse.ts';
import { createdSchema, DUPLICATES, FROM_PART, uploadSchema } from './upload-schemas.ts';

/** How long the URLs of an upload are valid, in s. */
const UPLOAD_SECONDS = 3600;
/** The most part URLs in an answer. */
export const MOST_URLS = 100;

/** The files that a kind of medium accepts. */
export interface MediaKind {
  contentTypes: readonly string[];
  maxBytes: number;
}

/**
 * Neither control characters nor those that change the direction of text: with them `gnp.exe` reads
 * as `exe.png`.
 */
const NO_CONTROLS = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u;

type Query = ReadonlyMap<string, string>;

/** POST of a medium. */
export function createMediumRoute(entity: Entity<Medium>, path: string, kind: MediaKind): Route {
  const schema = createdSchema(entity);
  const route = Object.assign(createRoute(entity, { path, rule: owner }), {
    query: [DUPLICATES],
    success: { 201: { description: 'Created.', schema } },
    handle: (ctx, { body, query }) => createMedium(ctx, { entity, path }, body, query),
  } satisfies Partial<Route>);
  return addLazyParts(route, { body: () => createBody(entity, kind) });
}

/**
 * Stores a new medium and answers how to upload its file, or the job that copies it from a
 * duplicate.
 * @param urls the most part URLs
 */
export async function createMedium(
  ctx: Ctx,
  { entity, path }: { entity: Entity<Medium>; path: string },
  body: Json,
  query: Query,
  urls = MOST_URLS,
): Promise<Reply> {
  const isReused = wantsReuse(query);
  const { user } = applyRule(owner, ctx.actor);
  const keyOf = (id: UUID) => buildOriginalKey(entity, user as UUID, id);
  const file = buildFileFields(ctx, body.size as number, keyOf);
  const document = await store(ctx, entity, owner, body, file);
  const medium = await reloadWithHidden(ctx, entity, document);
  const other = await findDuplicate(ctx, entity, medium);
  const sent =
    other && isReused
      ? { job: idText(await reuseBytes(ctx, entity, medium, other)) }
      : { upload: await makeUpload(ctx, entity, medium, { from: 1, urls }) };
  const more = { ...(other && { duplicateOf: idText(other) }), ...sent };
  return answerCreated(path, entity, document, more);
}

/** Makes the body that describes a file: of a new medium, or one that replaces another. */
export function createBody(entity: Entity, kind: MediaKind): Joi.ObjectSchema {
  return makeBody(entity.shape, 'create').keys({
    contentType: mediaType(kind.contentTypes).required(),
    size: Joi.number().strict().integer().min(1).max(kind.maxBytes).required(),
    // Normalised first, since that may make it longer.
    fileName: limitText(255, visibleText().normalize('NFC')).pattern(NO_CONTROLS).required(),
  });
}

/**
 * One of these media types. Its parameters, which recorders of browsers add (`codecs=opus`), are
 * parsed and left out: what is in the file is found by its bytes.
 */
function mediaType(accepted: readonly string[]): Joi.StringSchema {
  return Joi.string()
    .max(255)
    .lowercase()
    .replace(WITH_PARAMETERS, '$1')
    .valid(...accepted);
}

/**
 * A media type and its parameters, as RFC 9110 §8.3.1 writes them; nothing else may follow a type. Texts of any
 * length are tried by it, so it matches from the start, and each run of spaces has a bound.
 */
const WITH_PARAMETERS =
  /^([^\s;]{1,127})(?:\s{0,9};\s{0,9}[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~,:-]*|"[^"\\]{0,200}"))*\s{0,9};?\s{0,9}$/;

/** Whether the client wants a duplicate to be copied. @throws AppError INVALID_QUERY */
export function wantsReuse(query: Query): boolean {
  const wish = query.get('onDuplicate')?.toUpperCase() ?? 'UPLOAD';
  if (!['UPLOAD', 'REUSE'].includes(wish)) {
    throw invalidQuery([{ path: 'onDuplicate', message: 'is UPLOAD or REUSE' }]);
  }
  return wish === 'REUSE';
}

/**
 * Reads a new medium again with its hidden fields: an earlier attempt of the request may have begun
 * an upload in parts.
 */
async function reloadWithHidden<T extends Medium>(
  ctx: Ctx,
  entity: Entity<T>,
  made: T,
): Promise<T> {
  if (!choosePartSize(made.size)) return made;
  const findMedium = await findOne(ctx, entity, { _id: made._id }, WHOLE);
  if (!findMedium) throw notFound();
  return findMedium;
}

/** Makes the instructions for an upload: where and how to send the file. */
export async function makeUpload(
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

/** The routes of an upload of a medium that exists. */
export function uploadActions(entity: Entity<Medium>, path: string): Route[] {
  const name = nameOne(entity.name);
  const common = { tag: nameMany(entity.name), access: 'user' as const };
  return [
    {
      ...common,
      method: 'POST',
      path: `${path}/{id}/upload`,
      id: `renew${name}Upload`,
      summary: 'Renew the URLs of an upload, and list the parts that have arrived.',
      query: [FROM_PART],
      success: {
        200: {
          description: 'The document, with a new `upload`.',
          schema: documentWith(`Renewed${name}`, entity, { upload: uploadSchema }),
        },
      },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        const from = readFromPart(request.query);
        const medium = await found(ctx, entity, request);
        if (medium.status !== 'AWAITING_UPLOAD') throw alreadyUploaded();
        const upload = await makeUpload(ctx, entity, medium, { from, urls: MOST_URLS });
        // Updated, so that it does not count as abandoned.
        const awaited = { _id: medium._id, status: 'AWAITING_UPLOAD' };
        const touched = await update(ctx, entity, awaited, {}, null);
        if (!touched) throw alreadyUploaded();
        return answerDocument(200, entity, touched, { upload });
      },
    },
    addLazyParts<Route>(
      {
        ...common,
        method: 'POST',
        path: `${path}/{id}/upload/complete`,
        id: `complete${name}Upload`,
        summary: 'Complete an upload in parts. It may be repeated.',
        // Three keys for each part: its index in the array counts, too.
        mostKeys: 3 * MOST_PARTS + 1,
        success: {
          202: {
            description:
              'The document; with the `job` that completes the upload, when S3 takes long.',
            schema: documentWith(`Completed${name}`, entity, {}, { job: idSchema }),
          },
        },
        codes: ['NOT_FOUND', 'INVALID_STATE', 'CONFLICT'],
        handle: async (ctx, request) => {
          const medium = await found(ctx, entity, request);
          const parts = request.body.parts as NamedPart[];
          const job = await completeParts(ctx, entity, medium, parts);
          const now = await found(ctx, entity, request);
          return answerDocument(202, entity, now, job && { job: idText(job) });
        },
      },
      { body: makeCompleteBody },
    ),
    {
      ...common,
      method: 'DELETE',
      path: `${path}/{id}/upload`,
      id: `abort${name}Upload`,
      summary:
        'Abort an upload in parts: those that have arrived are deleted, and the document awaits its file.',
      success: { 204: { description: 'Aborted.' } },
      codes: ['NOT_FOUND', 'INVALID_STATE'],
      handle: async (ctx, request) => {
        await abortParts(ctx, entity, await found(ctx, entity, request));
        return { status: 204 };
      },
    },
  ];
}

function makeCompleteBody(): Joi.ObjectSchema {
  const part = Joi.object({
    partNumber: Joi.number().strict().integer().min(1).max(MOST_PARTS).required(),
    etag: limitText(128)
      .pattern(/^"?[\w.+/=-]+"?$/)
      .replace(/"/g, '')
      .required()
      .description('The ETag that S3 returned for the PUT of the part, with or without quotes.'),
  });
  return Joi.object({ parts: Joi.array().items(part).min(1).max(MOST_PARTS).required() });
}

/** @throws AppError INVALID_QUERY */
function readFromPart(query: Query): number {
  const text = query.get('fromPart') ?? '1';
  const from = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (from >= 1 && from <= MOST_PARTS) return from;
  throw invalidQuery([{ path: 'fromPart', message: `is a number from 1 to ${MOST_PARTS}` }]);
}

/**
 * Finds the medium that the path names, with the hidden fields of its file.
 * @throws AppError NOT_FOUND
 */
export async function found<T extends Medium>(
  ctx: Ctx,
  entity: Entity<T>,
  request: Request,
): Promise<T> {
  return findNamed(ctx, { entity, rule: owner }, request, { outbox: 0, removing: 0 });
}
