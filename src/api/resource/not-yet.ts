import { type Entity, pluralOf } from '../../data/entity.ts';
import { AppError } from '../../errors.ts';
import type { Rule } from '../../rules.ts';
import { lazy, type Route } from '../http/route.ts';
import type { ResourceOptions } from './resource-options.ts';
import { createBodyOf, named, ownedFields } from './verbs.ts';

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
      if (of) await named(ctx, of, request);
      throw new AppError('NOT_IMPLEMENTED', why);
    },
  } satisfies Partial<Route>);
}

/** The POST of an entity whose making is not there yet, with the body that it will take. */
export function notYetCreate(
  entity: Entity,
  { createBody, ...said }: Pick<Planned, 'path' | 'summary' | 'example'> & CreateBody,
  why: string,
): Route {
  const planned: Planned = {
    ...said,
    method: 'POST',
    id: `create${entity.name}`,
    tag: pluralOf(entity.name),
    access: 'user',
  };
  const parts = {
    body: () => createBodyOf(entity, { ...(createBody && { createBody }) }),
    owned: () => ownedFields(entity, 'create'),
  };
  return notYet(lazy(planned, parts), why);
}

type CreateBody = Pick<ResourceOptions<never>, 'createBody'>;
