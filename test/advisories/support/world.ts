import type Joi from 'joi';
import type { Route } from '../../../src/api/http/route.ts';
import { type Everything, everything } from '../../harness/everything.ts';
import type { Person } from '../../harness/given.ts';
import { bodyFor as bodyOf, places, routes } from '../../harness/operations.ts';

export { chance } from '../../harness/chance.ts';
export { inParallel } from '../../harness/in-parallel.ts';
export { routes };
export type Json = Record<string, unknown>;

/** Somebody who has one of everything. */
export interface Owned {
  person: Person;
  all: Everything;
  project: { id: string };
  track: { id: string };
  /** A document of each kind, by the path of its collection. */
  ids: Record<string, string>;
}

/** Gives somebody one of everything. */
export async function owner(person?: Person): Promise<Owned> {
  const all = await everything(person);
  const idOf = (name: string | undefined) => (name && all.ids[name]) || MISSING;
  return {
    person: all.person,
    all,
    project: { id: idOf('Project') },
    track: { id: idOf('Track') },
    ids: Object.fromEntries(places.map(([path, name]) => [path, idOf(name)])),
  };
}

/** An id that nothing has. */
export const MISSING = '01980000-0000-7000-8000-000000000000';

/** The path of an operation with these ids in it. @throws Error when no such document is known */
export function pathOf(route: Route, ids: Record<string, string> | string): string {
  const collection = route.path.split('/{id}')[0] as string;
  return route.path
    .replace('{id}', () => {
      const id = typeof ids === 'string' ? ids : ids[collection];
      if (!id) throw new Error(`${route.id}: everything.ts makes no document of ${collection}.`);
      return id;
    })
    .replace('{name}', 'waveform')
    .replace('{month}', '2026-11');
}

/** The inputs of an operation's body: joi's own description of each. */
export function inputsOf(route: Route): Record<string, Joi.Description> {
  return (route.body?.describe().keys ?? {}) as Record<string, Joi.Description>;
}

/** A body that an operation takes. @throws Error for an operation with a body that nobody knows */
export function bodyFor(route: Route, { all }: Owned): Json | undefined {
  return bodyOf(route.id, all);
}

/**
 * All of these in a full run, else so many of them: each so-manieth, so that every operation, input and
 * payload has its turn, and always the same.
 */
export function sampled<T>(all: Iterable<T>, { full = false }: Scale, most: number): T[] {
  const list = [...all];
  if (full || list.length <= most) return list;
  // In no step with the counts of what is combined in the list.
  let step = Math.ceil(list.length / most);
  while (![2, 3, 5, 7].every((n) => step === n || step % n > 0)) step++;
  return list.filter((_, n) => n % step === 0);
}

/** Whether an operation does anything yet. */
export function isThere(route: Route): boolean {
  return Object.keys(route.success).length > 0;
}

/** Whether a test is to do the full counts: `npm run test:campaign` sets it. */
export interface Scale {
  full?: boolean;
}
