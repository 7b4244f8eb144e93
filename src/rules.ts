import type { Actor } from './context.ts';
import type { TypedFilter } from './data/filter.ts';
import { UUID } from './data/ids.ts';

/**
 * Who may do something, as a query: the filter that narrows every read to what the actor may touch,
 * and stamps every create. `undefined` = may not do this to anything (403). Somebody else's
 * document is so a 404 by construction.
 */
export type Rule = (actor: Actor) => TypedFilter | undefined;

/** One's own. */
export const owner: Rule = (actor) =>
  actor.kind === 'USER' || actor.kind === 'ADMIN' ? { user: actor.id } : undefined;

/** What is of one's own credit account, which has the id of its owner. */
export const accountHolder: Rule = (actor) =>
  actor.kind === 'USER' || actor.kind === 'ADMIN' ? { account: actor.id } : undefined;

/** Everything, for admins only. */
export const admin: Rule = (actor) => (actor.kind === 'ADMIN' ? {} : undefined);

/** One's own; everything, for admins. */
export const ownerOrAdmin: Rule = (actor) => (actor.kind === 'ADMIN' ? {} : owner(actor));

/** One's own, and whatever has this Boolean field set. */
export function ownerOrShared(field: string): Rule {
  return (actor) => {
    const own = owner(actor);
    // No document meets both: each is read once.
    return own && { $or: [{ ...own, [field]: false }, { [field]: true }] };
  };
}

/** Everything, for everybody who is signed in. */
export const signedIn: Rule = (actor) =>
  actor.kind === 'USER' || actor.kind === 'ADMIN' ? {} : undefined;

/** Oneself, among users. */
export const self: Rule = (actor) =>
  actor.kind === 'USER' || actor.kind === 'ADMIN' ? { _id: actor.id } : undefined;

/** What a rule asks of a user and of an admin, whoever they are: for documentation. */
export function listFilters(rule: Rule): TypedFilter[] {
  const kinds = ['USER', 'ADMIN'] as const;
  return kinds
    .map((kind) => rule({ kind, id: NOBODY, session: NOBODY }))
    .filter((filter) => filter !== undefined);
}

const NOBODY = new UUID('00000000-0000-0000-0000-000000000000');
