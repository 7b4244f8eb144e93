import type { Actor, Ctx } from '../../context.ts';
import { type Bytes, pick } from '../../data/bson.ts';
import { castObject } from '../../data/cast.ts';
import { decryptFields } from '../../data/encrypted-fields.ts';
import type { Base, Entity, Stored } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { UUID } from '../../data/ids.ts';
import {
  aggregateBytes,
  findBytes,
  findOne,
  findOneBytes,
  projectVisible,
} from '../../data/read.ts';
import { checkReferences, confirmReferences } from '../../data/references.ts';
import type { Keep } from '../../data/remove.ts';
import { insert } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import type { Rule } from '../../rules.ts';
import { withAllowance } from '../../services/metering/allowances/with-allowance.ts';
import { removeAndSweep } from '../../services/removal/remove-and-sweep.ts';
import type { Reply, Request } from '../http/route.ts';
import { limitPage } from '../json/answer-size.ts';
import { putAscii, putList, writeText } from '../json/text.ts';
import { answerCreated, answerDocument, JSON_TYPE } from './answer.ts';
import { isUnchanged, makeEtag, preconditionFailed, readIfMatch } from './etag.ts';
import { makeProjection, readFields } from './fields.ts';
import { decryptPage, makeLookups, projectWith, readIncludes, readIncluding } from './include.ts';
import { isWritable } from './input.ts';
import { compileList } from './list.ts';
import { patch } from './patch.ts';
import { putDocument } from './put-document.ts';
import type { ResourceOptions } from './resource-options.ts';

type Values = Record<string, unknown>;

/** Lists the fields of an entity that only the server writes. */
export function listOwnedFields(entity: Entity, mode: 'create' | 'update'): ReadonlySet<string> {
  const names = Object.values(entity.shape.fields)
    .filter((field) => !isWritable(field, mode) && !field.hidden)
    .map((field) => field.publicName);
  return new Set([...names, 'version']);
}

/** Returns the filter of a rule for an actor. @throws AppError FORBIDDEN when it allows nothing */
export function applyRule(rule: Rule, actor: Actor): TypedFilter {
  const filter = rule(actor);
  if (!filter) throw new AppError('FORBIDDEN', 'You are not allowed to do this.');
  return filter;
}

/** POST: stores a document and answers it. @param own values that the server writes */
export async function create<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  { path, rule }: { path: string; rule: Rule },
  body: Values,
  own: Values = {},
): Promise<Reply> {
  return answerCreated(path, entity, await store(ctx, entity, rule, body, own));
}

/** Stores a new document that a client sent. @param own values that the server writes */
export async function store<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  rule: Rule,
  body: Values,
  own: Values = {},
): Promise<T> {
  const values = { ...castObject(entity.shape, body), ...own, ...applyRule(rule, ctx.actor) };
  await checkReferences(ctx, entity, values, true);
  const taken = entity.options.usage?.of(values as Stored);
  const document = await withAllowance(ctx, values.user as UUID | undefined, taken, async () => {
    const made = await insert(ctx, entity, values);
    await confirmReferences(ctx, entity, made);
    return made;
  });
  await decryptFields(ctx, entity, [document]);
  return document;
}

/** GET of one document: whole, some fields or with relations; or 304. */
export async function read<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  include: string[],
  request: Request,
): Promise<Reply> {
  const relations = readIncludes(entity, include, request.query.get('include'));
  const fields = readFields(entity, request.query.get('fields'));
  const projection = fields && makeProjection(entity, fields);
  const { documents, most } =
    relations.length === 0
      ? { documents: [await findOneBytes(ctx, entity, filter, projection)], most: 0 }
      : await readIncluding(relations, 1, (most) =>
          aggregateBytes(ctx, entity, [
            { $match: filter },
            { $limit: 1 },
            ...makeLookups(ctx.actor, relations, most),
            {
              $project: projectWith(
                projection ? { ...projection, included: 1 } : projectVisible(entity),
                relations,
              ),
            },
          ]),
        );
  const [found] = documents;
  if (!found) throw notFound();
  const [bytes = found] = await decryptPage(ctx, entity, [found], relations);
  const only = fields && new Set(fields);
  const limit = limitPage([bytes]);
  const body = writeText(() =>
    putDocument(ctx.actor, entity, { bytes, begin: 0 }, relations, { most, only, limit }),
  );
  const etag = makeEtag(entity, found, relations.length > 0 ? body : undefined);
  const headers = { etag };
  if (isUnchanged(request.ifNoneMatch, etag)) return { status: 304, headers };
  return { status: 200, body, headers: { ...headers, ...JSON_TYPE } };
}

/** GET of a list: one page, in an order that an index serves. */
export async function list<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  options: Pick<ResourceOptions, 'can' | 'include'>,
  query: ReadonlyMap<string, string>,
): Promise<Reply> {
  const compiled = compileList(entity, applyRule(options.can.read, ctx.actor), query);
  const relations = readIncludes(entity, options.include ?? [], query.get('include'));
  const fields = readFields(entity, query.get('fields'));
  const sortField = Object.keys(compiled.sort)[0] as string;
  const projection = fields
    ? { ...makeProjection(entity, fields), [sortField]: 1 }
    : projectVisible(entity);
  const limit = compiled.limit + 1;
  const { filter, sort } = compiled;
  const hint = compiled.hint && { hint: compiled.hint };
  const { documents, isAll, most } = await readIncluding(relations, compiled.limit, (most) =>
    relations.length === 0
      ? findBytes(ctx, entity, filter, { sort, limit, projection, ...hint })
      : aggregateBytes(
          ctx,
          entity,
          [
            { $match: filter },
            { $sort: sort },
            { $limit: limit },
            ...makeLookups(ctx.actor, relations, most),
            {
              $project: projectWith(
                fields ? { ...projection, included: 1 } : projection,
                relations,
              ),
            },
          ],
          hint,
        ),
  );
  const page = await decryptPage(ctx, entity, documents.slice(0, compiled.limit), relations);
  const only = fields && new Set(fields);
  const room = { limit: limitPage(page), least: 1 };
  const body = writeText(() => {
    let sharing = page.length;
    const putOne = (bytes: Bytes) => {
      const extent = { most, only, limit: room.limit, sharing: sharing-- };
      putDocument(ctx.actor, entity, { bytes, begin: 0 }, relations, extent);
    };
    putAscii('{"data":');
    const shown = putList(page, putOne, room);
    const last = page[shown - 1];
    const isLast = isAll && shown === documents.length;
    const next = isLast || !last ? null : compiled.cursorAfter(pick(last, 0, ['_id', sortField]));
    putAscii(`,"nextCursor":${JSON.stringify(next)}}`);
  });
  return { status: 200, body, headers: JSON_TYPE };
}

/** PATCH: JSON Merge Patch under If-Match. */
export async function change<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  request: Request,
): Promise<Reply> {
  const document = await patch(ctx, entity, filter, request.body, readIfMatch(request.ifMatch));
  await decryptFields(ctx, entity, [document]);
  return answerDocument(200, entity, document);
}

/** DELETE: 204; the second time 404. */
export async function erase<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  request: Pick<Request, 'ifMatch'>,
  keep?: Keep<T>,
): Promise<Reply> {
  const versions = readIfMatch(request.ifMatch);
  const guarded = versions ? { ...filter, version: { $in: versions } } : filter;
  if (!(await removeAndSweep(ctx, entity, guarded, keep))) {
    const stands = versions && (await findOne(ctx, entity, filter, { projection: { _id: 1 } }));
    throw stands ? preconditionFailed(versions) : notFound();
  }
  return { status: 204 };
}

/**
 * Finds the document that the path names; only its id, unless `projection` says more.
 * @throws AppError NOT_FOUND
 */
export async function findNamed<T extends Base>(
  ctx: Ctx,
  { entity, rule }: { entity: Entity<T>; rule: Rule },
  request: Request,
  projection: Record<string, unknown> = { _id: 1 },
): Promise<T> {
  const found = await findOne(ctx, entity, filterById(rule, ctx, request), { projection });
  if (!found) throw notFound();
  return found;
}

/** Makes the filter of the document that the path names, narrowed by a rule. */
export function filterById(rule: Rule, ctx: Ctx, request: Request): TypedFilter {
  return { ...applyRule(rule, ctx.actor), _id: new UUID(request.params.id as string) };
}
