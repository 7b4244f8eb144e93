import type { mongo } from 'mongoose';
import { readErrorCode } from '../failures.ts';
import type { Role } from './roles.ts';

const ROLE_EXISTS = 51002;
const USER_EXISTS = 51003;

/** Creates a role in a database; one that exists gets exactly these grants. Needs an administrator. */
export async function applyRole(db: mongo.Db, { name, grants }: Role): Promise<void> {
  const privileges = grants.map(({ collection, actions }) => ({
    resource: { db: db.databaseName, collection },
    actions,
  }));
  try {
    await db.command({ createRole: name, privileges, roles: [] });
  } catch (error) {
    if (readErrorCode(error) !== ROLE_EXISTS) throw error;
    await db.command({ updateRole: name, privileges, roles: [] });
  }
}

/**
 * Creates the user of a role. One that exists keeps the password, and has this role and no other.
 * @returns whether the user is new
 */
export async function applyUser(db: mongo.Db, name: string, password: string): Promise<boolean> {
  const roles = [{ role: name, db: db.databaseName }];
  try {
    await db.command({ createUser: name, pwd: password, roles });
    return true;
  } catch (error) {
    if (readErrorCode(error) !== USER_EXISTS) throw error;
    await db.command({ updateUser: name, roles });
    return false;
  }
}
