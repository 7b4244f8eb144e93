import './harness/place.ts';
import { describe } from 'vitest';
import type { Base } from '../src/data/entity.ts';
import { access } from './contract/access.ts';
import { audits } from './contract/audits.ts';
import { bodies } from './contract/bodies.ts';
import { changes } from './contract/changes.ts';
import { creates } from './contract/creates.ts';
import { hold, type Means, type Subject } from './contract/held.ts';
import { lists } from './contract/lists.ts';
import { reads } from './contract/reads.ts';

/** Holds a resource to the whole HTTP contract, each rule by its name. */
export function conforms<T extends Base>(subject: Subject<T>, means: Means): void {
  const held = hold(subject, means);
  describe.concurrent(`${held.path} keeps the contract:`, () => {
    for (const rules of [access, reads, bodies, creates, changes, lists, audits]) rules(held);
  });
}
