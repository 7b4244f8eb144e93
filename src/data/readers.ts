import { admin, owner, type Rule } from '../rules.ts';
import type { Entity } from './entity.ts';

/** Who may read an entity's documents where others refer to them or include them. */
export function getReaders({ options }: Entity): Rule {
  return options.readers ?? (options.owner === 'none' ? admin : owner);
}
