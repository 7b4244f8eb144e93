import { type Base, type Entity, pluralOf } from '../../data/entity.ts';
import { storedNames } from '../../data/shape.ts';
import { filtersOf, type Rule } from '../../rules.ts';
import { type JsonSchema, lazy, type Parameter, type Route } from '../http/route.ts';
import { documentSchema, filterSchema, withMore } from '../openapi/schemas.ts';
import { pageSchema, viewSchema } from '../openapi/views.ts';
import { inclusions } from './include.ts';
import { bodyOf } from './input.ts';
import { listParameters, sortsOf } from './list.ts';
import type { ResourceOptions } from './resource-options.ts';
import {
  byId,
  change,
  create,
  createBodyOf,
  erase,
  list,
  named,
  ownedFields,
  read,
} from './verbs.ts';

/** The routes of an entity's verbs: GET and POST of the collection; GET, PATCH and DELETE of one. */
export function documentRoutes<T extends Base>(
  entity: Entity<T>,
  options: ResourceOptions<T>,
): Route[] {
  const { path, can, include = [] } = options;
  const one = `${path}/{id}`;
  const { name } = entity;
  const tag = options.tag ?? pluralOf(name);
  const schema = documentSchema(entity);
  const routes: Route[] = [listRoute(entity, options)];
  const getOne: Route = {
    method: 'GET',
    path: one,
    id: `get${name}`,
    summary: `Get one of the ${words(pluralOf(name))}.`,
    tag,
    access: accessOf(can.read),
    conditional: true,
    success: {
      200: { description: 'The document.', schema: viewSchema(entity, include) },
      304: { description: 'Unchanged.' },
    },
    codes: ['NOT_FOUND'],
    handle: (ctx, request) => read(ctx, entity, byId(can.read, ctx, request), include, request),
  };
  routes.push(lazy(getOne, { query: () => viewParameters(entity, include) }));
  if (can.create) {
    const { presents } = options;
    const made = presents ? withMore(schema, {}, presents) : schema;
    const createOne: Route = {
      method: 'POST',
      path,
      id: `create${name}`,
      summary: `Create ${oneOf(name)}.`,
      tag,
      access: accessOf(can.create),
      ...(options.example && { example: options.example }),
      ...(options.createQuery && { query: options.createQuery }),
      success: { 201: { description: 'Created.', schema: made } },
      codes: ['DUPLICATE', ...(options.createCodes ?? [])],
      handle: (ctx, { body, query }) => create(ctx, entity, options, body, query),
    };
    routes.push(
      lazy(createOne, {
        body: () => createBodyOf(entity, options),
        owned: () => ownedFields(entity, 'create'),
      }),
    );
  }
  if (can.update) {
    const rule = can.update;
    const updateOne: Route = {
      method: 'PATCH',
      path: one,
      id: `update${name}`,
      summary: `Change ${oneOf(name)} (JSON Merge Patch).`,
      tag,
      access: accessOf(rule),
      conditional: true,
      success: { 200: { description: 'What is stored now.', schema } },
      codes: ['NOT_FOUND', 'DUPLICATE', 'CONFLICT', 'PRECONDITION_FAILED'],
      handle: (ctx, request) => change(ctx, entity, byId(rule, ctx, request), request),
    };
    routes.push(
      lazy(updateOne, {
        body: () => bodyOf(entity.shape, 'update'),
        owned: () => ownedFields(entity, 'update'),
      }),
    );
  }
  if (can.remove) {
    const rule = can.remove;
    routes.push({
      method: 'DELETE',
      path: one,
      id: `delete${name}`,
      summary: options.keep
        ? `Put ${oneOf(name)} into the trash.`
        : `Delete ${oneOf(name)}, with what belongs to it.`,
      tag,
      access: accessOf(rule),
      conditional: true,
      success: { 204: { description: 'Gone.' } },
      codes: ['NOT_FOUND', 'IN_USE', 'PRECONDITION_FAILED'],
      handle: (ctx, request) => erase(ctx, entity, byId(rule, ctx, request), request, options.keep),
    });
  }
  return routes;
}

type ListOptions<T extends Base> = Pick<ResourceOptions<T>, 'path' | 'include' | 'tag'> & {
  can: { read: Rule };
};

/** The route of an entity's list. */
export function listRoute<T extends Base>(entity: Entity<T>, options: ListOptions<T>): Route {
  const { path, can, include = [] } = options;
  const plural = pluralOf(entity.name);
  const many: Route = {
    method: 'GET',
    path,
    id: `list${plural}`,
    summary: `List ${words(plural)}, newest first.`,
    tag: options.tag ?? plural,
    access: accessOf(can.read),
    success: { 200: { description: 'A page.', schema: pageSchema(entity, include) } },
    handle: (ctx, { query }) => list(ctx, entity, options, query),
  };
  return lazy(many, {
    query: () => [
      ...pageParameters(entity, filtersOf(can.read)),
      ...viewParameters(entity, include),
    ],
  });
}

/** The route of a list of what belongs to one document: `GET /v1/comfyui/executions/{id}/logs`. */
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
      const { _id } = await named(ctx, parent, request);
      return list(ctx, children, { can: { read: narrowed(_id) } }, request.query);
    },
  } satisfies Partial<Route>);
}

/** `fields` and, where there are relations, `include`. Schemas are made when somebody documents them. */
export function viewParameters(entity: Entity, include: string[]): Parameter[] {
  const fields = {
    name: 'fields',
    description: 'Which fields, by name, separated by commas.',
    get schema() {
      return oneOrMore([...storedNames(entity.shape).keys()]);
    },
  };
  const relations = {
    name: 'include',
    description: `Relations to load along: ${include.join(', ')}; one level deeper by a dot.`,
    get schema() {
      return oneOrMore(inclusions(entity, include));
    },
  };
  return include.length > 0 ? [fields, relations] : [fields];
}

function oneOrMore(names: string[]): JsonSchema {
  return { type: 'array', minItems: 1, items: { enum: names } };
}

function pageParameters(entity: Entity, rules: Parameters<typeof listParameters>[1][]) {
  const names = new Set(rules.flatMap((rule) => listParameters(entity, rule)));
  return [
    {
      name: 'limit',
      description: 'How many at the most.',
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    },
    { name: 'cursor', description: '`nextCursor` of the page before.' },
    {
      name: 'sort',
      description: 'The field to sort by; with a minus: descending.',
      get schema() {
        return { enum: sortsOf(entity, rules), default: '-createdAt' };
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

/** Who may call what a rule allows: whatever a user may not do at all is for administrators. */
function accessOf(rule: Rule): Route['access'] {
  return filtersOf(rule).length === 1 ? 'admin' : 'user';
}

function oneOf(name: string): string {
  const said = words(name);
  return `${/^[aeio]/.test(said) ? 'an' : 'a'} ${said}`;
}

/** `ComfyUIWorkflowConfig` → `comfyui workflow config`. */
function words(name: string): string {
  return name
    .replace(/^(ComfyUI|RunPod|Llm)/, '$1 ')
    .replace(/([a-z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase();
}
