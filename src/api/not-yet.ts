import type { Entity } from '../data/entity.ts';
import { findOne } from '../data/read.ts';
import { AppError, notFound } from '../errors.ts';
import type { Route } from './route.ts';
import type { Rule } from './rules.ts';
import { byId } from './verbs.ts';

/** What is known of an operation before there is code behind it. */
type Planned = Omit<Route, 'handle' | 'success' | 'codes'>;

/**
 * An operation that is not there yet: it takes what it will take, and answers 501.
 * @param why what is missing, as a sentence
 * @param of whose document the path names: what one may not read is a 404 here, too
 */
export function notYet(planned: Planned, why: string, of?: { entity: Entity; rule: Rule }): Route {
  return Object.assign(planned, {
    summary: `${planned.summary.replace(/\.$/, '')} (not there yet).`,
    success: {},
    codes: ['NOT_IMPLEMENTED', ...(of ? (['NOT_FOUND'] as const) : [])],
    handle: async (ctx, request) => {
      if (of) {
        const filter = byId(of.rule, ctx, request);
        const found = await findOne(ctx, of.entity, filter, { projection: { _id: 1 } });
        if (!found) throw notFound();
      }
      throw new AppError('NOT_IMPLEMENTED', why);
    },
  } satisfies Partial<Route>);
}
