import type { Migration, Steps } from '../migrations/migration.ts';

/** Lists all collections that migrations name, those included that a later one drops. Needs no database. */
export async function listCollections(migrations: Migration[]): Promise<string[]> {
  const names = new Set<string>();
  const note = async (name: string) => void names.add(name);
  const steps: Steps = {
    createCollection: note,
    dropCollection: note,
    changeValidator: note,
    setValidator: note,
    createIndex: note,
    dropIndex: note,
    seed: note,
    unseed: note,
    changeDocuments: note,
    eachBatch: (_, name) => note(name),
  };
  for (const { up, down } of migrations) {
    await up(steps);
    await down(steps);
  }
  return [...names];
}
