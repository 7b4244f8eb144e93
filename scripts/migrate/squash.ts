import { deriveDefinitions } from '../../src/data/migrations/definitions.ts';
import { squash } from '../../src/data/migrations/squash.ts';
import { deleteFile, writeFiles } from './files.ts';
import type { Code } from './place.ts';

/** Writes one first migration in place of all. */
export async function squashAll({ migrations, entities }: Code): Promise<void> {
  const draft = await squash(migrations, deriveDefinitions(entities));
  const file = writeFiles(draft, [draft.id]);
  const ids = migrations.map(({ id }) => id);
  const replaced = ids.filter((id) => id !== draft.id);
  for (const id of replaced) deleteFile(id);
  const instead = replaced.length > 0 ? `, in place of ${replaced.join(', ')}` : '';
  console.log(`Written: ${file}${instead}.`);
  if (!ids.includes(draft.id)) {
    console.log(
      'Databases made by the migrations that it replaces are refused: start with empty ones.',
    );
  }
}
