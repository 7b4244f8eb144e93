import type { Entity } from '../../data/entity.ts';
import type { Components, JsonSchema } from '../http/route.ts';
import { findRelation, listInside } from '../resource/include.ts';
import { nameOne } from './names.ts';
import {
  type Described,
  describeEntity,
  describeReference,
  idSchema,
  shareComponent,
} from './schemas.ts';

/**
 * The schema of a document as a read answers it: `?include=` puts other documents into it. There is
 * one for each entity, with everything that any read may include. Required is what every read has
 * unless `?fields=` leaves it out: else no client could rely on any field.
 */
export function viewSchema(entity: Entity, include: string[]): Described {
  return (components) => buildView(components, entity, include, true);
}

/** The schema of a page of documents. */
export function pageSchema(entity: Entity, include: string[]): Described {
  return (components) => {
    const items = buildView(components, entity, include, true);
    return shareComponent(components, `${nameOne(entity.name)}Page`, () => ({
      type: 'object',
      required: ['data', 'nextCursor'],
      additionalProperties: false,
      properties: {
        data: { type: 'array', maxItems: 100, items },
        nextCursor: { type: ['string', 'null'] },
      },
    }));
  };
}

const URLS_SCHEMA: JsonSchema = {
  type: 'object',
  description:
    'With `?include=urls`: the signed address of the original, `file`, and of each derivative that is READY, by its name. They are valid for at least 15 minutes, and fit for `<img>`, `<audio>` and `<video>`.',
  additionalProperties: { type: 'string', format: 'uri' },
};

function buildView(
  components: Components,
  entity: Entity,
  include: string[],
  isDeeper: boolean,
): JsonSchema {
  const name = `${nameOne(entity.name)}View`;
  const made = shareComponent(components, name, () => describeEntity(entity));
  const properties = components.get(name)?.properties as Record<string, JsonSchema>;
  for (const relation of include.map((r) => findRelation(entity, r))) {
    if (relation.kind === 'urls') {
      properties.urls = URLS_SCHEMA;
      continue;
    }
    const inside = isDeeper ? listInside(relation.to) : [];
    const item = buildView(components, relation.to, inside, false);
    if (relation.kind === 'reference') {
      const one = nameOne(relation.to.name);
      properties[relation.name] = shareComponent(components, `${one}OrId`, () => ({
        description: `${describeReference(relation.to.name)} With \`?include=\` the object itself.`,
        oneOf: [idSchema, item],
      }));
    } else if (relation.kind === 'one') properties[relation.name] = item;
    else {
      properties[relation.name] = { type: 'array', items: item };
      properties._more = { type: 'object', additionalProperties: { type: 'string' } };
    }
  }
  return made;
}
