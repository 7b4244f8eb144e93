import Joi from 'joi';
import { checkBody } from '../../api/http/check-body.ts';
import { makeProblem } from '../../api/http/problems.ts';
import {
  addLazyParts,
  type Components,
  type JsonSchema,
  type Request,
  type Route,
} from '../../api/http/route.ts';
import type { Json } from '../../api/json/document.ts';
import { JSON_TYPE } from '../../api/resource/answer.ts';
import type { Resource } from '../../api/resource/resource.ts';
import type { Ctx } from '../../context.ts';
import { nthId } from '../../data/ids.ts';
import { invalid } from '../../errors.ts';
import { AUDIO_KINDS } from '../../models/media/audio.ts';
import type { Medium } from '../../services/media/medium.ts';
import { createdSchema, DUPLICATES } from './upload-schemas.ts';
import { createMedium, wantsReuse } from './uploads.ts';

/** The most items of a call. */
const MOST_ITEMS = 100;
/** How many are created at a time. */
const LANES = 8;
/**
 * The most part URLs of an item, and of all. On Lambda a URL has some 2.3 KB: the answer to a body of
 * 1 MiB, which may double when it is escaped, stays below 5 MB.
 */
const URLS = 10;
const URLS_IN_ALL = 500;

type Kinds = Record<'TRACK' | 'AUDIO' | 'VIDEO' | 'IMAGE', Resource<Medium>>;

/** The route that creates many media at once, each on its own. */
export function bulkUploads(kinds: Kinds): Route {
  // An audio may be named by its own kind, too: it has the same name.
  const own = Object.fromEntries(AUDIO_KINDS.map((kind) => [kind, kinds.AUDIO]));
  const named = new Map(Object.entries({ ...kinds, ...own }));
  const route: Route = {
    method: 'POST',
    path: '/v1/media/uploads',
    id: 'createMediaUploads',
    summary: 'Create up to 100 media at once; an error of one does not stop the others.',
    tag: 'Media',
    access: 'user',
    mostKeys: 5000,
    query: [DUPLICATES],
    example: { items: [EXAMPLE] },
    success: {
      207: {
        description: 'The result of each item, in order.',
        schema: (components) => describeAnswer(kinds, components),
      },
    },
    codes: ['INVALID_QUERY'],
    handle: async (ctx, { body, query }) => {
      wantsReuse(query);
      const items = body.items as Json[];
      const urls = Math.min(URLS, Math.floor(URLS_IN_ALL / items.length));
      const made: string[] = [];
      let next = 0;
      const lane = async () => {
        while (next < items.length) {
          const n = next++;
          made[n] = await makeOne(ctx, n, named, items[n] as Json, { query, urls });
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      return { status: 207, body: `{"data":[${made.join(',')}]}`, headers: JSON_TYPE };
    },
  };
  return addLazyParts(route, { body: () => makeBulkBody([...named.keys()]) });
}

/** Creates one, as its own POST would, and returns the JSON of the result. */
async function makeOne(
  ctx: Ctx,
  n: number,
  named: Map<string, Resource<Medium>>,
  { kind, ...rest }: Json,
  { query, urls }: { query: Request['query']; urls: number },
): Promise<string> {
  const { promisedId } = ctx;
  try {
    const found = named.get(kind as string);
    if (!found) throw invalid([{ path: 'kind', message: `is one of ${[...named.keys()]}` }]);
    const { entity, options, routes } = found;
    const { path } = options;
    const post = routes.find((r) => r.method === 'POST' && r.path === path) as Route;
    const isOwnKind = (AUDIO_KINDS as readonly unknown[]).includes(kind);
    const sent = isOwnKind ? { ...rest, kind } : rest;
    const body = checkBody(post.body as Joi.ObjectSchema, sent, post.owned);
    // Each has a reserved id of its own, so that a retry creates none of them twice.
    const inner = { ...ctx, promisedId: promisedId && nthId(promisedId, n) };
    const reply = await createMedium(inner, { entity, path }, body as Json, query, urls);
    return `{"status":${reply.status},"document":${reply.body}}`;
  } catch (error) {
    const problem = makeProblem(error, ctx);
    // A server error fails the whole request, if it has an Idempotency-Key: then its answer is not
    // stored, and a retry completes the rest.
    if (problem.status >= 500 && promisedId) throw error;
    return `{"status":${problem.status},"error":${problem.body}}`;
  }
}

const EXAMPLE = {
  kind: 'IMAGE',
  name: 'A cover',
  fileName: 'cover.png',
  contentType: 'image/png',
  size: 1_000_000,
};

function makeBulkBody(kinds: string[]): Joi.ObjectSchema {
  const item = Joi.object({
    kind: Joi.any().description(
      `${kinds.join(', ')}: the kind of medium, whose POST takes the other fields. An audio may be given by its own kind.`,
    ),
  }).unknown();
  return Joi.object({ items: Joi.array().items(item).min(1).max(MOST_ITEMS).required() });
}

function describeAnswer(kinds: Kinds, components: Components): JsonSchema {
  const one = (name: string, schema: JsonSchema) => ({
    type: 'object',
    additionalProperties: false,
    required: ['status', name],
    properties: { status: { type: 'integer' }, [name]: schema },
  });
  const documents = Object.values(kinds).map(({ entity }) => createdSchema(entity)(components));
  const problem = { $ref: '#/components/schemas/Problem' };
  const items = { anyOf: [one('document', { anyOf: documents }), one('error', problem)] };
  return {
    type: 'object',
    additionalProperties: false,
    required: ['data'],
    properties: { data: { type: 'array', items } },
  };
}
