import type { Base, Entity } from '../../data/entity.ts';
import { listStoredNames } from '../../data/shape.ts';
import { listFilters, type Rule } from '../../rules.ts';
import { addLazyParts, type JsonSchema, type Parameter, type Route } from '../http/route.ts';
import { nameMany } from '../openapi/names.ts';
import { filterSchema } from '../openapi/schemas.ts';
import { pageSchema } from '../openapi/views.ts';
import { listInclusions } from './include.ts';
import { listParameters, listSorts } from './list.ts';
import { chooseAccess, splitWords } from './operation-words.ts';
import type { ResourceOptions } from './resource-options.ts';
import { findNamed, list } from './verbs.ts';

type ListOptions = Pick<ResourceOptions, 'path' | 'include' | 'tag'> & {
  can: { read: Rule };
};

/** GET of an entity's list. */
export function listRoute<T extends Base>(entity: Entity<T>, options: ListOptions): Route {
  const { path, can, include = [] } = options;
  const plural = nameMany(entity.name);
  const many: Route = {
    method: 'GET',
    path,
    id: `list${plural}`,
    summary: `List ${splitWords(plural)}, newest first.`,
    tag: options.tag ?? plural,
    access: chooseAccess(can.read),
    success: { 200: { description: 'A page.', schema: pageSchema(entity, include) } },
    handle: (ctx, { query }) => list(ctx, entity, options, query),
  };
  return addLazyParts(many, {
    query: () => [
      ...listPageParameters(entity, listFilters(can.read)),
      ...listViewParameters(entity, include),
    ],
  });
}

/** GET of the list of what belongs to one document: `GET /v1/comfyui/executions/{id}/logs`. */
export function childrenRoute(
  parent: { entity: Entity; path: string; rule: Rule; tag: string },
  name: string,
  children: Entity,
  field: string,
): Route {
  const narrowed = (id: unknown): Rule => {
    return (actor) => {
      const own = parent.rule(actor);
      return own && { ...own, [field]: id };
    };
  };
  const options = { path: `${parent.path}/{id}/${name}`, tag: parent.tag };
  const many = listRoute(children, { ...options, can: { read: narrowed(null) } });
  return Object.assign(many, {
    codes: ['NOT_FOUND'],
    handle: async (ctx, request) => {
      const { _id } = await findNamed(ctx, parent, request);
      return list(ctx, children, { can: { read: narrowed(_id) } }, request.query);
    },
  } satisfies Partial<Route>);
}

/**
 * Lists the parameters `fields` and, where there are relations, `include`; their schemas are made
 * when read.
 */
export function listViewParameters(entity: Entity, include: string[]): Parameter[] {
  const fields = {
    name: 'fields',
    description: 'The names of the fields to answer, separated by commas.',
    get schema() {
      return describeNames([...listStoredNames(entity.shape).keys()]);
    },
  };
  const relations = {
    name: 'include',
    description: `Relations to load along: ${include.join(', ')}; one level deeper by a dot.`,
    get schema() {
      return describeNames(listInclusions(entity, include));
    },
  };
  return include.length > 0 ? [fields, relations] : [fields];
}

function describeNames(names: string[]): JsonSchema {
  return { type: 'array', minItems: 1, items: { enum: names } };
}

function listPageParameters(entity: Entity, rules: Parameters<typeof listParameters>[1][]) {
  const names = new Set(rules.flatMap((rule) => listParameters(entity, rule)));
  return [
    {
      name: 'limit',
      description: 'The most documents of a page, which ends earlier at 5 MB: see `nextCursor`.',
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    },
    { name: 'cursor', description: '`nextCursor` of the previous page.' },
    {
      name: 'sort',
      description: 'The field to sort by, ascending; descending with a minus.',
      get schema() {
        return { enum: listSorts(entity, rules), default: '-createdAt' };
      },
    },
    ...[...names].map((name) => ({
      name,
      description: `Filter: ${name}.`,
      get schema() {
        return filterSchema(entity, name);
      },
    })),
  ];
}
