import type { Base, Entity } from '../../data/entity.ts';
import { hasEvents } from '../../data/record-events.ts';
import type { Rule } from '../../rules.ts';
import { addLazyParts, type JsonSchema, type Route } from '../http/route.ts';
import { nameMany, nameOne } from '../openapi/names.ts';
import { documentSchema } from '../openapi/schemas.ts';
import { viewSchema } from '../openapi/views.ts';
import { makeBody } from './input.ts';
import { listRoute, listViewParameters } from './list-routes.ts';
import { addArticle, chooseAccess, splitWords } from './operation-words.ts';
import type { ResourceOptions } from './resource-options.ts';
import { change, create, erase, filterById, listOwnedFields, read } from './verbs.ts';
import { WAIT, waitForChange } from './wait.ts';

/**
 * The standard routes of an entity: GET and POST of the collection; GET, PATCH and DELETE of one
 * document.
 */
export function documentRoutes<T extends Base>(
  entity: Entity<T>,
  options: ResourceOptions,
): Route[] {
  const { can } = options;
  return [
    listRoute(entity, options),
    readRoute(entity, options),
    ...(can.create ? [createRoute(entity, { ...options, rule: can.create })] : []),
    ...(can.update ? [updateRoute(entity, { ...options, rule: can.update })] : []),
    ...(can.remove ? [removeRoute(entity, { ...options, rule: can.remove })] : []),
  ];
}

interface Options {
  path: string;
  rule: Rule;
  tag?: string;
}

/** GET of one document, whole, trimmed or with others in it. */
export function readRoute<T extends Base>(entity: Entity<T>, options: ResourceOptions): Route {
  const { path, can, include = [], tag } = options;
  const canWait = hasEvents(entity);
  const route: Route = {
    method: 'GET',
    path: `${path}/{id}`,
    id: `get${nameOne(entity.name)}`,
    summary: `Get one of the ${splitWords(nameMany(entity.name))}.`,
    tag: tag ?? nameMany(entity.name),
    access: chooseAccess(can.read),
    conditional: true,
    success: {
      200: { description: 'The document.', schema: viewSchema(entity, include) },
      304: { description: 'Unchanged.' },
    },
    codes: ['NOT_FOUND'],
    handle: async (ctx, request) => {
      const filter = filterById(can.read, ctx, request);
      if (canWait) await waitForChange(ctx, entity, filter, request);
      return read(ctx, entity, filter, include, request);
    },
  };
  const more = canWait ? [WAIT] : [];
  return addLazyParts(route, { query: () => [...listViewParameters(entity, include), ...more] });
}

/** POST, with the body that the entity's schema implies. */
export function createRoute<T extends Base>(
  entity: Entity<T>,
  { path, rule, tag, example }: Options & { example?: JsonSchema },
): Route {
  const name = nameOne(entity.name);
  const route: Route = {
    method: 'POST',
    path,
    id: `create${name}`,
    summary: `Create ${addArticle(name)}.`,
    tag: tag ?? nameMany(entity.name),
    access: chooseAccess(rule),
    ...(example && { example }),
    success: { 201: { description: 'Created.', schema: documentSchema(entity) } },
    codes: ['DUPLICATE', ...(entity.options.usage ? (['ALLOWANCE_EXCEEDED'] as const) : [])],
    handle: (ctx, { body }) => create(ctx, entity, { path, rule }, body),
  };
  return addLazyParts(route, {
    body: () => makeBody(entity.shape, 'create'),
    owned: () => listOwnedFields(entity, 'create'),
  });
}

/** PATCH, with the body that the entity's schema implies. */
export function updateRoute<T extends Base>(
  entity: Entity<T>,
  { path, rule, tag }: Options,
): Route {
  const name = nameOne(entity.name);
  const route: Route = {
    method: 'PATCH',
    path: `${path}/{id}`,
    id: `update${name}`,
    summary: `Change ${addArticle(name)} (JSON Merge Patch).`,
    tag: tag ?? nameMany(entity.name),
    access: chooseAccess(rule),
    conditional: true,
    success: {
      200: { description: 'The document as it is stored now.', schema: documentSchema(entity) },
    },
    codes: ['NOT_FOUND', 'DUPLICATE', 'CONFLICT', 'PRECONDITION_FAILED'],
    handle: (ctx, request) => change(ctx, entity, filterById(rule, ctx, request), request),
  };
  return addLazyParts(route, {
    body: () => makeBody(entity.shape, 'update'),
    owned: () => listOwnedFields(entity, 'update'),
  });
}

/** DELETE, which is permanent. */
export function removeRoute<T extends Base>(
  entity: Entity<T>,
  { path, rule, tag }: Options,
): Route {
  const name = nameOne(entity.name);
  return {
    method: 'DELETE',
    path: `${path}/{id}`,
    id: `delete${name}`,
    summary: `Delete ${addArticle(name)}, with everything that belongs to it.`,
    tag: tag ?? nameMany(entity.name),
    access: chooseAccess(rule),
    conditional: true,
    success: { 204: { description: 'Deleted.' } },
    codes: ['NOT_FOUND', 'IN_USE', 'PRECONDITION_FAILED'],
    handle: (ctx, request) => erase(ctx, entity, filterById(rule, ctx, request), request),
  };
}
