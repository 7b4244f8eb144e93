import type { mongo } from 'mongoose';
import type { Migration } from '../migrations/migration.ts';
import { listCollections } from './collections.ts';

interface Privilege {
  resource: { db?: string; collection?: string; anyResource?: boolean };
  actions: string[];
}

/**
 * Checks, before anything is changed, that the user may make all that these migrations name. The roles of
 * `migrate` and of the functions are made together, so the functions can then read and write it, too.
 * @throws Error naming the collections that the role does not have
 */
export async function checkRole(db: mongo.Db, migrations: Migration[]): Promise<void> {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true });
  // Where nobody has to sign in, there are no roles.
  if (authInfo.authenticatedUsers.length === 0) return;
  const privileges = authInfo.authenticatedUserPrivileges as Privilege[];
  const isGranted = (name: string) =>
    privileges.some(
      ({ resource, actions }) =>
        actions.includes('createCollection') &&
        (resource.anyResource ||
          (['', db.databaseName].includes(resource.db ?? '-') &&
            ['', name].includes(resource.collection ?? '-'))),
    );
  // An administrator has them all: nothing has to be looked for.
  if (isGranted('')) return;
  const missing = (await listCollections(migrations)).filter((name) => !isGranted(name));
  if (missing.length === 0) return;
  throw new Error(
    `The role of this user lacks ${missing.join(', ')}. Bring the roles up to date first ` +
      '(npm run roles): those of the functions then have it, too. Nothing was changed.',
  );
}
