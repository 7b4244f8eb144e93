import './harness/place.ts';
import { beforeEach, describe } from 'vitest';
import type { Base, Entity } from '../src/data/entity.ts';
import { access } from './contract/access.ts';
import { audits } from './contract/audits.ts';
import { bodies } from './contract/bodies.ts';
import { changes } from './contract/changes.ts';
import { creates } from './contract/creates.ts';
import { hold, type Means, type Page, type Problem, type Subject } from './contract/held.ts';
import { lists } from './contract/lists.ts';
import { reads } from './contract/reads.ts';
import { adminCollection } from './harness/admin.ts';
import type { Doc, Person } from './harness/given.ts';

/** Holds a resource to the whole HTTP contract, each rule by its name. */
export function conforms<T extends Base>(subject: Subject<T>, means: Means): void {
  const held = hold(subject, means);
  const rules = [access, reads, bodies, creates, changes, lists, audits];
  inOrder(held.entity, held.isSingle || held.isPersonal, `${held.path} keeps the contract:`, () => {
    for (const rule of rules) rule(held);
  });
}

/** A list that is no resource's own: of what belongs to one document, or of what only is listed. */
interface Listing {
  entity: Entity;
  /** Where it is, for this person: `/v1/comfyui/executions/<theirs>/logs`. */
  path(person: Person): Promise<string> | string;
  make(person: Person): Promise<Doc>;
  /** The filter that each of its queries carries, as far as its fields' names. */
  rule: Record<string, unknown>;
  person?: () => Promise<Person>;
}

/** Holds a list to what the contract says of lists. */
export function listConforms(name: string, { path, rule, ...listing }: Listing): void {
  const { entity, make, person } = listing;
  const options = { path: name, can: { read: () => rule } };
  const isOwned = 'user' in rule && rule.user !== null;
  const held = {
    ...hold({ entity, options, routes: [] }, { make, ...(person && { person }) }),
    isPersonal: isOwned,
    lists: true,
    pages: async (p: Person, query = '') => p.get<Page>(`${await path(p)}?${query}`),
    refusal: async (p: Person, query: string) => p.get<Problem>(`${await path(p)}?${query}`),
  };
  inOrder(entity, isOwned, `${name} keeps the contract of lists:`, () => lists(held));
}

/** Side by side where each person sees their own alone; else one after another, each beginning with none. */
function inOrder(entity: Entity, isApart: boolean, name: string, rules: () => void): void {
  if (isApart) describe.concurrent(name, rules);
  else {
    describe(name, () => {
      beforeEach(async () => {
        await adminCollection(entity).deleteMany({});
      });
      rules();
    });
  }
}
