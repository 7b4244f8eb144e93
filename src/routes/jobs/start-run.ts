import type { Route } from '../../api/http/route.ts';
import { documentSchema } from '../../api/openapi/schemas.ts';
import { answerCreated } from '../../api/resource/answer.ts';
import { createRoute } from '../../api/resource/document-routes.ts';
import { applyRule } from '../../api/resource/verbs.ts';
import { castObject } from '../../data/cast.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import type { Rule } from '../../rules.ts';
import type { JobType } from '../../services/jobs/job-type.ts';
import { type Run, startRun } from '../../services/jobs/start-run.ts';

interface StartRun {
  path: string;
  rule: Rule;
  /** The job that carries the document out. */
  type: JobType<{ document: UUID }>;
}

/** POST of a document that a job carries out: 202 with the document, whose `job` is on its way. */
export function startRunRoute<T extends Run>(
  entity: Entity<T>,
  { path, rule, type }: StartRun,
): Route {
  return Object.assign(createRoute(entity, { path, rule }), {
    success: { 202: { description: 'Accepted.', schema: documentSchema(entity) } },
    codes: ['DUPLICATE', 'INSUFFICIENT_CREDITS', 'ALLOWANCE_EXCEEDED'],
    handle: async (ctx, { body }) => {
      const values = { ...castObject(entity.shape, body), ...applyRule(rule, ctx.actor) };
      const document = await startRun(ctx, entity, type, values);
      return { ...answerCreated(path, entity, document), status: 202 };
    },
  } satisfies Partial<Route>);
}
