import type { Base, Entity } from '../data/entity.ts';
import { inclusions } from './include.ts';
import { bodyOf } from './input.ts';
import { listParameters, sortsOf } from './list.ts';
import type { ResourceOptions } from './resource-options.ts';
import type { JsonSchema, Parameter, Route } from './route.ts';
import type { Rule } from './rules.ts';
import { documentSchema, filterSchema, pageSchema, withMore } from './schemas.ts';
import { byId, change, create, createBodyOf, erase, list, ownedFields, read } from './verbs.ts';

/** The routes of an entity's verbs: GET and POST of the collection; GET, PATCH and DELETE of one. */
export function documentRoutes<T extends Base>(
  entity: Entity<T>,
  options: ResourceOptions<T>,
): Route[] {
  const { path, can, include = [] } = options;
  const one = `${path}/{id}`;
  const name = entity.name;
  const plural = `${name}s`.replace(/ss$/, 's');
  const tag = options.tag ?? plural;
  const schema = documentSchema(entity, include);
  const routes: Route[] = [
    {
      method: 'GET',
      path,
      id: `list${plural}`,
      summary: `List ${words(plural)}, newest first.`,
      tag,
      access: 'user',
      query: [...pageParameters(entity, can.read), ...viewParameters(entity, include)],
      success: { 200: { description: 'A page.', schema: pageSchema(entity, include) } },
      handle: (ctx, { query }) => list(ctx, entity, options, query),
    },
    {
      method: 'GET',
      path: one,
      id: `get${name}`,
      summary: `Get one of the ${words(plural)}.`,
      tag,
      access: 'user',
      conditional: true,
      query: viewParameters(entity, include),
      success: {
        200: { description: 'The document.', schema },
        304: { description: 'Unchanged.' },
      },
      codes: ['NOT_FOUND'],
      handle: (ctx, request) => read(ctx, entity, byId(can.read, ctx, request), include, request),
    },
  ];
  if (can.create) {
    const made = documentSchema(entity, []);
    routes.push({
      method: 'POST',
      path,
      id: `create${name}`,
      summary: `Create a ${words(name)}.`,
      tag,
      access: 'user',
      body: createBodyOf(entity, options as ResourceOptions<never>),
      owned: ownedFields(entity, 'create'),
      success: { 201: { description: 'Created.', schema: withMore(made, options.presents) } },
      codes: ['DUPLICATE', ...(options.createCodes ?? [])],
      handle: (ctx, { body }) => create(ctx, entity, options, body),
    });
  }
  if (can.update) {
    const rule = can.update;
    routes.push({
      method: 'PATCH',
      path: one,
      id: `update${name}`,
      summary: `Change a ${words(name)} (JSON Merge Patch).`,
      tag,
      access: 'user',
      conditional: true,
      body: bodyOf(entity.shape, 'update'),
      owned: ownedFields(entity, 'update'),
      success: { 200: { description: 'What is stored now.', schema: documentSchema(entity, []) } },
      codes: ['NOT_FOUND', 'DUPLICATE', 'CONFLICT', 'PRECONDITION_FAILED'],
      handle: (ctx, request) => change(ctx, entity, byId(rule, ctx, request), request),
    });
  }
  if (can.remove) {
    const rule = can.remove;
    routes.push({
      method: 'DELETE',
      path: one,
      id: `delete${name}`,
      summary: `Delete a ${words(name)}, with what belongs to it.`,
      tag,
      access: 'user',
      conditional: true,
      success: { 204: { description: 'Gone.' } },
      codes: ['NOT_FOUND', 'IN_USE', 'PRECONDITION_FAILED'],
      handle: (ctx, request) => erase(ctx, entity, byId(rule, ctx, request), request),
    });
  }
  return routes;
}

/** `fields` and, where there are relations, `include`. */
export function viewParameters(entity: Entity, include: string[]): Parameter[] {
  const names = Object.entries(entity.shape.fields).filter(([, f]) => !f.hidden);
  const fields = {
    name: 'fields',
    description: 'Which fields, by name, separated by commas.',
    schema: oneOrMore(names.map(([name]) => (name === '_id' ? 'id' : name))),
  };
  if (include.length === 0) return [fields];
  const description = `Relations to load along: ${include.join(', ')}; one level deeper by a dot.`;
  return [fields, { name: 'include', description, schema: oneOrMore(inclusions(entity, include)) }];
}

function oneOrMore(names: string[]): JsonSchema {
  return { type: 'array', minItems: 1, items: { enum: names } };
}

function pageParameters(entity: Entity, rule: Rule): Parameter[] {
  const names = new Set([...listParameters(entity, true), ...listParameters(entity, false)]);
  if (rule.name === 'owner') for (const n of names) if (n.startsWith('user')) names.delete(n);
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
      schema: { enum: sortsOf(entity), default: '-createdAt' },
    },
    ...[...names].map((name) => ({
      name,
      description: `Filter: ${name}.`,
      schema: filterSchema(entity, name),
    })),
  ];
}

function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
