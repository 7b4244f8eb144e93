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

/** The connection string of a user in the place of another: the same servers, database and options. */
export function buildUserUri(
  uri: string,
  { database, user, password }: { database: string; user: string; password: string },
): string {
  const [, scheme, hosts, query = ''] =
    /^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?([^/?]+)\/?[^?]*\??(.*)$/.exec(uri) ?? [];
  if (!scheme || !hosts) throw new Error('It is not a MongoDB connection string.');
  const options = new URLSearchParams(query);
  options.set('authSource', database);
  for (const name of ['authMechanism', 'authMechanismProperties']) options.delete(name);
  const signIn = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `${scheme}${signIn}@${hosts}/${database}?${options}`;
}
