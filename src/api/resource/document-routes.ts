import { type Base, type Entity, pluralOf } from '../../data/entity.ts';
import type { Rule } from '../../rules.ts';
import { type JsonSchema, lazy, type Route } from '../http/route.ts';
import { documentSchema } from '../openapi/schemas.ts';
import { viewSchema } from '../openapi/views.ts';
import { bodyOf } from './input.ts';
import { listRoute, viewParameters } from './list-routes.ts';
import { accessOf, oneOf, words } from './operation-words.ts';
import type { ResourceOptions } from './resource-options.ts';
import { byId, change, create, erase, ownedFields, read } from './verbs.ts';

/** The routes of an entity's verbs: GET and POST of the collection; GET, PATCH and DELETE of one. */
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

function readRoute<T extends Base>(entity: Entity<T>, options: ResourceOptions): Route {
  const { path, can, include = [], tag } = options;
  const route: Route = {
    method: 'GET',
    path: `${path}/{id}`,
    id: `get${entity.name}`,
    summary: `Get one of the ${words(pluralOf(entity.name))}.`,
    tag: tag ?? pluralOf(entity.name),
    access: accessOf(can.read),
    conditional: true,
    success: {
      200: { description: 'The document.', schema: viewSchema(entity, include) },
      304: { description: 'Unchanged.' },
    },
    codes: ['NOT_FOUND'],
    handle: (ctx, request) => read(ctx, entity, byId(can.read, ctx, request), include, request),
  };
  return lazy(route, { query: () => viewParameters(entity, include) });
}

/** POST of an entity, whose body is as its shape says. */
export function createRoute<T extends Base>(
  entity: Entity<T>,
  { path, rule, tag, example }: Options & { example?: JsonSchema },
): Route {
  const { name } = entity;
  const route: Route = {
    method: 'POST',
    path,
    id: `create${name}`,
    summary: `Create ${oneOf(name)}.`,
    tag: tag ?? pluralOf(name),
    access: accessOf(rule),
    ...(example && { example }),
    success: { 201: { description: 'Created.', schema: documentSchema(entity) } },
    codes: ['DUPLICATE'],
    handle: (ctx, { body }) => create(ctx, entity, { path, rule }, body),
  };
  return lazy(route, {
    body: () => bodyOf(entity.shape, 'create'),
    owned: () => ownedFields(entity, 'create'),
  });
}

function updateRoute<T extends Base>(entity: Entity<T>, { path, rule, tag }: Options): Route {
  const { name } = entity;
  const route: Route = {
    method: 'PATCH',
    path: `${path}/{id}`,
    id: `update${name}`,
    summary: `Change ${oneOf(name)} (JSON Merge Patch).`,
    tag: tag ?? pluralOf(name),
    access: accessOf(rule),
    conditional: true,
    success: { 200: { description: 'What is stored now.', schema: documentSchema(entity) } },
    codes: ['NOT_FOUND', 'DUPLICATE', 'CONFLICT', 'PRECONDITION_FAILED'],
    handle: (ctx, request) => change(ctx, entity, byId(rule, ctx, request), request),
  };
  return lazy(route, {
    body: () => bodyOf(entity.shape, 'update'),
    owned: () => ownedFields(entity, 'update'),
  });
}

/** DELETE of a document for good. */
export function removeRoute<T extends Base>(
  entity: Entity<T>,
  { path, rule, tag }: Options,
): Route {
  const { name } = entity;
  return {
    method: 'DELETE',
    path: `${path}/{id}`,
    id: `delete${name}`,
    summary: `Delete ${oneOf(name)}, with what belongs to it.`,
    tag: tag ?? pluralOf(name),
    access: accessOf(rule),
    conditional: true,
    success: { 204: { description: 'Gone.' } },
    codes: ['NOT_FOUND', 'IN_USE', 'PRECONDITION_FAILED'],
    handle: (ctx, request) => erase(ctx, entity, byId(rule, ctx, request), request),
  };
}
