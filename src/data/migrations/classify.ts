import { applyChange, buildNewValidator } from './change-validator.ts';
import { type Definition, type Definitions, getIndexName } from './definitions.ts';
import {
  type Effects,
  findEffects,
  findEffectsOfDropped,
  findEffectsOfNew,
} from './find-effects.ts';
import type { Index, Migration, Steps } from './migration.ts';

/** What a migration does to the release of before. */
export interface Classified extends Effects {
  id: string;
  kind: 'widening' | 'narrowing' | 'mixed';
}

/**
 * Goes through all migrations, without a database, and says of each whether it widens what the database
 * accepts or narrows it: the first while the functions of before still run, the other once they are gone.
 */
export async function classify(migrations: Migration[]): Promise<Classified[]> {
  const known: Definitions = new Map();
  const all: Classified[] = [];
  for (const { id, up } of migrations) {
    const effects: Effects = { widens: [], narrows: [] };
    await up(makeWatchedSteps(known, effects));
    all.push({ id, ...effects, kind: readKind(effects) });
  }
  return all;
}

/** What to do about a migration that does both. */
export function explainMixed({ id, widens, narrows }: Classified): string {
  return (
    `${id} widens (${widens.join('; ')}) and narrows (${narrows.join('; ')}). Make two of it: ` +
    'first one that widens, which is applied before the functions are deployed, then one that narrows.'
  );
}

function readKind({ widens, narrows }: Effects): Classified['kind'] {
  if (narrows.length === 0) return 'widening';
  return widens.length === 0 ? 'narrowing' : 'mixed';
}

/** Steps that are not run: `known` is what the database would be, and what each does is noted. */
function makeWatchedSteps(known: Definitions, effects: Effects): Steps {
  const fresh = new Set<string>();

  function note(name: string, { widens = [], narrows = [] }: Partial<Effects>): void {
    effects.widens.push(...widens.map((line) => `${name}: ${line}`));
    // The functions of before do not know of what is new.
    if (!fresh.has(name)) effects.narrows.push(...narrows.map((line) => `${name}: ${line}`));
  }

  function find(name: string): Definition {
    const definition = known.get(name);
    if (!definition) throw new Error(`There is no collection ${name}.`);
    return definition;
  }

  function setValidator(name: string, validator: Definition['validator']): void {
    const definition = find(name);
    note(name, findEffects(definition.validator, validator));
    definition.validator = validator;
  }

  function addIndex(name: string, index: Index): void {
    const { indexes } = find(name);
    const indexName = getIndexName(index);
    if (indexes.some((other) => getIndexName(other) === indexName)) return;
    indexes.push(index);
    note(name, findEffectsOfNew(index));
  }

  function dropIndex(name: string, indexName: string): void {
    const definition = find(name);
    const dropped = definition.indexes.find((index) => getIndexName(index) === indexName);
    if (!dropped) return;
    definition.indexes = definition.indexes.filter((index) => index !== dropped);
    note(name, findEffectsOfDropped(dropped));
  }

  return {
    createCollection: async (name, collection) => {
      const validator = buildNewValidator(collection);
      if (known.has(name)) setValidator(name, validator);
      else {
        fresh.add(name);
        note(name, { widens: ['is new'] });
        known.set(name, { validator, indexes: [] });
      }
      for (const index of collection.indexes) addIndex(name, index);
    },
    dropCollection: async (name) => {
      note(name, { narrows: ['is gone'] });
      known.delete(name);
    },
    changeValidator: async (name, change) =>
      setValidator(name, applyChange(find(name).validator, change)),
    setValidator: async (name, validator) => setValidator(name, validator),
    createIndex: async (name, key, options) => addIndex(name, { ...options, key }),
    dropIndex: async (name, indexName) => dropIndex(name, indexName),
    seed: async (name) => note(name, { widens: ['has documents of the product'] }),
    unseed: async (name) => note(name, { narrows: ['loses documents of the product'] }),
    // Values for what is missing disturb nobody.
    changeDocuments: async (name, { rename = {}, unset = [] }) => {
      const lost = [...Object.keys(rename), ...unset];
      note(name, { narrows: lost.map((path) => `documents lose ${path}`) });
    },
    eachBatch: async (step, name) =>
      note(name, { narrows: [`documents are changed by "${step}"`] }),
  };
}
