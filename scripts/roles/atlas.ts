import type { Action, Role } from '../../src/data/roles/roles.ts';

/** A custom role as the Atlas Administration API takes it. */
interface AtlasRole {
  roleName: string;
  actions: { action: string; resources: { db: string; collection: string }[] }[];
  inheritedRoles: [];
}

/**
 * Describes a role for Atlas, where no command makes one: `POST /groups/{id}/customDBRoles/roles` does. All
 * databases of a project share the roles, so its name has that of the database.
 */
export function describeAtlasRole(database: string, { name, grants }: Role): AtlasRole {
  const actions = new Set(grants.flatMap((grant) => grant.actions));
  return {
    roleName: `${database}-${name}`,
    actions: [...actions].map((action) => ({
      action: nameAction(action),
      resources: grants
        .filter((grant) => grant.actions.includes(action))
        .map(({ collection }) => ({ db: database, collection })),
    })),
    inheritedRoles: [],
  };
}

/** Atlas writes `createIndex` as `CREATE_INDEX`. */
function nameAction(action: Action): string {
  return action.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
