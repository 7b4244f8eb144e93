import type Joi from 'joi';
import type { Entity } from '../../data/entity.ts';
import { AppError } from '../../errors.ts';
import { owner, type Rule } from '../../rules.ts';
import { addLazyParts, type Route } from '../http/route.ts';
import { createRoute } from './document-routes.ts';
import { findNamed } from './verbs.ts';

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
      if (of) await findNamed(ctx, of, request);
      throw new AppError('NOT_IMPLEMENTED', why);
    },
  } satisfies Partial<Route>);
}

/**
 * The POST of an entity whose making is not there yet, with the body that it will take.
 * @param body makes it, where it is more than the shape says
 */
export function notYetCreate(
  entity: Entity,
  said: Pick<Planned, 'path' | 'summary' | 'example'>,
  why: string,
  body?: () => Joi.ObjectSchema,
): Route {
  const route = createRoute(entity, { path: said.path, rule: owner });
  const planned = notYet(Object.assign(route, said), why);
  return body ? addLazyParts(planned, { body }) : planned;
}
