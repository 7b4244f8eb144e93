import { createHash } from 'node:crypto';
import type { Stored } from '../entity.ts';
import { toCanonicalText } from './canonical-text.ts';
import { compare } from './compare.ts';
import type { Definitions } from './definitions.ts';
import type { Migration, Steps } from './migration.ts';
import type { Draft } from './print-migration.ts';

/**
 * Makes one first migration in place of all: what the models say, with the documents that the migrations seed;
 * a collection that they do not drop is not dropped by it either. Its id has a fingerprint of all that it
 * does, so that a database made by an earlier one is recognised.
 */
export async function squash(migrations: Migration[], models: Definitions): Promise<Draft> {
  const { seeds, kept } = await observe(migrations);
  const text = toCanonicalText({ models: [...models], seeds: [...seeds], kept });
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 6);
  const message = 'All collections as the models say, and what the product comes with.';
  const differences = compare(new Map(), models);
  return { id: `0001-first-${fingerprint}`, message, differences, seeds, kept };
}

/** Goes through all migrations, up and down, without a database. */
async function observe(migrations: Migration[]) {
  const seeds = new Map<string, Stored[]>();
  const kept = new Set<string>();
  const nothing = async () => {};
  const steps: Steps = {
    createCollection: async (name) => void kept.add(name),
    dropCollection: async (name) => {
      kept.delete(name);
      seeds.delete(name);
    },
    seed: async (name, documents) =>
      void seeds.set(name, [...(seeds.get(name) ?? []), ...documents]),
    unseed: async (name, documents) => {
      const isGone = ({ _id }: Stored) => documents.some((other) => other._id.equals(_id));
      seeds.set(
        name,
        (seeds.get(name) ?? []).filter((document) => !isGone(document)),
      );
    },
    changeValidator: nothing,
    setValidator: nothing,
    createIndex: nothing,
    dropIndex: nothing,
    changeDocuments: nothing,
    eachBatch: nothing,
  };
  for (const { up } of migrations) await up(steps);
  const seeded = new Map([...seeds].filter(([, documents]) => documents.length > 0));
  for (const { down } of migrations.toReversed()) await down(steps);
  return { seeds: seeded, kept: [...kept].sort() };
}
