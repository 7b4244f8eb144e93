import type Joi from 'joi';
import type { Entity } from '../../data/entity.ts';
import { AppError } from '../../errors.ts';
import { owner, type Rule } from '../../rules.ts';
import { addLazyParts, type Route } from '../http/route.ts';
import { createRoute } from './document-routes.ts';
import { findNamed } from './verbs.ts';

/** What is declared of an operation before it is implemented. */
type Planned = Omit<Route, 'handle' | 'success' | 'codes'>;

/**
 * Declares an operation that is not implemented yet: it checks its input and answers 501.
 * @param why what is missing, as a sentence
 * @param of the kind of document that the path names: one that the caller may not read is a 404
 *   here, too
 */
export function notYet(planned: Planned, why: string, of?: { entity: Entity; rule: Rule }): Route {
  return Object.assign(planned, {
    summary: `${planned.summary.replace(/\.$/, '')} (not implemented yet).`,
    success: {},
    codes: ['NOT_IMPLEMENTED', ...(of ? (['NOT_FOUND'] as const) : [])],
    handle: async (ctx, request) => {
      if (of) await findNamed(ctx, of, request);
      throw new AppError('NOT_IMPLEMENTED', why);
    },
  } satisfies Partial<Route>);
}

/**
 * Declares the POST of an entity that is not implemented yet, with the body that it will take.
 * @param body makes its schema, where that is not the one that the entity implies
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
