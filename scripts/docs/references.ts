import type { Entity } from '../../src/data/entity.ts';
import { type Reference, referencesOf, referencesTo } from '../../src/data/references.ts';
import { code, linkTo, list } from './markdown.ts';

/** The references that an entity holds, but for its owner. */
export function ownReferences(entity: Entity): Reference[] {
  return referencesOf(entity).filter((r) => r.path !== 'user');
}

/** What an entity refers to, and what happens to its documents when that goes. */
export function referenceRows(entity: Entity): string[][] {
  return ownReferences(entity).map(({ path, to, onDelete, array }) => {
    const held = array ? `${array}[]${path.slice(array.length)}` : path;
    return [code(held), linkTo(to), CONSEQUENCES[onDelete](to)];
  });
}

/** Who refers to an entity; owners are told of once, above. */
export function referredBy({ name }: Entity): string {
  const found = referencesTo(name).filter((r) => r.path !== 'user' || name !== 'User');
  const texts = found.map((r) => `${linkTo(r.entity.name)} (${code(r.path)}, ${r.onDelete})`);
  if (name === 'User') texts.push(`every document with an owner (${code('user')}, cascade)`);
  return list(texts);
}

const CONSEQUENCES = {
  cascade: (to: string) => `cascade: deleting the ${to} deletes this, too`,
  restrict: (to: string) => `restrict: the ${to} cannot be deleted while this is there`,
  unset: (to: string) => `unset: deleting the ${to} takes the reference out`,
};
