import { admin, owner, type Rule } from '../rules.ts';
import type { Entity } from './entity.ts';

/** Who may read documents of an entity that others refer to or include. */
export function getReaders({ options }: Entity): Rule {
  return options.readers ?? (options.owner === 'none' ? admin : owner);
}
