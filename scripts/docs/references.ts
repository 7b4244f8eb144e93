import type { Entity } from '../../src/data/entity.ts';
import { type Reference, referencesOf, referencesTo } from '../../src/data/references.ts';
import { formatCode, formatLink, joinItems } from './markdown.ts';

/** Lists the references of an entity, without its owner. */
export function listReferences(entity: Entity): Reference[] {
  return referencesOf(entity).filter((r) => r.path !== 'user');
}

/** Makes the rows of an entity's references: the target, and what happens when it is deleted. */
export function makeReferenceRows(entity: Entity): string[][] {
  return listReferences(entity).map(({ path, to, onDelete, array }) => {
    const held = array ? `${array}[]${path.slice(array.length)}` : path;
    return [formatCode(held), formatLink(to), CONSEQUENCES[onDelete](to)];
  });
}

/**
 * Describes which entities refer to this one; the reference to the owner is described once for all.
 */
export function describeReferrers({ name }: Entity): string {
  const found = referencesTo(name).filter((r) => r.path !== 'user' || name !== 'User');
  const texts = found.map(
    (r) => `${formatLink(r.entity.name)} (${formatCode(r.path)}, ${r.onDelete})`,
  );
  if (name === 'User') texts.push(`every document with an owner (${formatCode('user')}, cascade)`);
  return joinItems(texts);
}

const CONSEQUENCES = {
  cascade: (to: string) => `cascade: deleting the ${to} deletes this, too`,
  restrict: (to: string) => `restrict: the ${to} cannot be deleted while this is there`,
  unset: (to: string) => `unset: deleting the ${to} takes the reference out`,
  keep: (to: string) => `keep: this outlives the ${to}`,
};
