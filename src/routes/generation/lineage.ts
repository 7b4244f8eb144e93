import type { JsonSchema, Route } from '../../api/http/route.ts';
import { nameMany, nameOne } from '../../api/openapi/names.ts';
import { idSchema } from '../../api/openapi/schemas.ts';
import { applyRule, findNamed } from '../../api/resource/verbs.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { getKind, MEDIA_KINDS, type MediaKindName } from '../../models/media/media-fields.ts';
import { owner } from '../../rules.ts';
import { SHOWN, walkLineage } from '../../services/generation/walk-lineage.ts';

const orNull = (type: string): JsonSchema => ({ type: [type, 'null'] });

const relative: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'kind', 'name', 'status', 'generatedBy', 'lineage', 'madeFrom', 'steps'],
  properties: {
    id: idSchema,
    kind: { enum: [...Object.keys(MEDIA_KINDS), null], description: 'Null: it was deleted.' },
    name: orNull('string'),
    status: orNull('string'),
    generatedBy: { ...orNull('string'), description: 'The job that generated it.' },
    lineage: { ...orNull('object'), description: 'How it was generated; null: it was uploaded.' },
    madeFrom: { type: 'array', items: idSchema },
    steps: { type: 'integer', description: 'How many steps away it is.' },
  },
};

const schema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['medium', 'sources', 'results', 'hasMore'],
  properties: {
    medium: relative,
    sources: { type: 'array', items: relative, description: 'What it was made from.' },
    results: { type: 'array', items: relative, description: 'What was made of it.' },
    hasMore: { type: 'boolean', description: 'Whether there is more: at most 100 each are told.' },
  },
};

/** GET of what a medium was made from, and of what was made of it. */
export function lineageRoute(entity: Entity, path: string): Route {
  return {
    method: 'GET',
    path: `${path}/{id}/lineage`,
    id: `get${nameOne(entity.name)}Lineage`,
    summary: 'What it was made from, and what was made of it.',
    tag: nameMany(entity.name),
    access: 'user',
    success: { 200: { description: 'The lineage.', schema } },
    codes: ['NOT_FOUND'],
    handle: async (ctx, request) => {
      const medium = await findNamed(ctx, { entity, rule: owner }, request, SHOWN);
      const { user } = applyRule(owner, ctx.actor) as { user: UUID };
      const kind = getKind(entity) as MediaKindName;
      return { status: 200, json: { ...(await walkLineage(ctx, user, kind, medium)) } };
    },
  };
}
