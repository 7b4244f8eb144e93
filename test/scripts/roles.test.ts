import '../harness/place.ts';
import mongoose from 'mongoose';
import { afterAll, expect, inject, test } from 'vitest';
import { database } from '../../src/data/connection.ts';
import { withDatabase } from '../../src/data/connection-string.ts';
import { adminDatabase } from '../harness/admin.ts';
import { ran } from './run.ts';

const name = `${database().databaseName}-roles`;
const uri = withDatabase(inject('tools').mongodb, name);
const roles = (args: string[], env: Record<string, string>) =>
  ran(['scripts/roles.ts', ...args], env);

afterAll(async () => {
  const db = adminDatabase().client.db(name);
  await db.command({ dropAllUsersFromDatabase: 1 });
  await db.command({ dropAllRolesFromDatabase: 1 });
});

/** What a connection string lets its user do. */
async function grantsOf(address: string): Promise<Record<string, string[]>> {
  const client = new mongoose.mongo.MongoClient(address);
  try {
    const { authInfo } = await client.db().command({ connectionStatus: 1, showPrivileges: true });
    return Object.fromEntries(
      authInfo.authenticatedUserPrivileges
        .filter(({ resource }: { resource: { db?: string } }) => resource.db === name)
        .map((p: { resource: { collection: string }; actions: string[] }) => [
          p.resource.collection,
          p.actions.toSorted(),
        ]),
    );
  } finally {
    await client.close();
  }
}

test('the roles are made with a user each, whose address is printed once', async () => {
  const { code, stdout } = await roles(['create'], { MONGODB_URI: uri });
  expect(code).toBe(0);
  const addresses = Object.fromEntries(
    stdout.split('\n').map((line) => line.split(/: (?=mongodb:)/) as [string, string]),
  );
  const functions = await grantsOf(addresses.functions as string);
  expect(functions.tracks).toEqual(['find', 'insert', 'remove', 'update']);
  for (const appended of ['auditEvents', 'auditKeys', 'creditsTransactions'])
    expect(functions[appended]).toEqual(['find', 'insert']);
  expect(functions).not.toHaveProperty('migrations');
  const migrate = await grantsOf(addresses.migrate as string);
  expect(migrate.tracks).toContain('collMod');
  expect(migrate.auditEvents).not.toContain('remove');
  expect(await grantsOf(addresses.verify as string)).toEqual({
    ...{ auditEvents: ['find'], auditKeys: ['find'] },
    ...{ creditAccounts: ['find'], creditHolds: ['find'], creditsTransactions: ['find'] },
  });

  // As a release before, which did not know tracks.
  const admin = adminDatabase().client.db(name);
  const resource = { db: name, collection: 'tracks' };
  const privileges = [{ resource, actions: ['find', 'insert', 'remove', 'update'] }];
  await admin.command({ revokePrivilegesFromRole: 'functions', privileges });
  expect(await grantsOf(addresses.functions as string)).not.toHaveProperty('tracks');
  const again = await roles(['create'], { MONGODB_URI: uri });
  expect(again.stdout).toBe('functions: up to date\nmigrate: up to date\nverify: up to date\n');
  expect(await grantsOf(addresses.functions as string)).toEqual(functions);
});

test('for Atlas they are printed as its API takes them', async () => {
  const { stdout } = await roles(['atlas', 'shop'], {});
  const printed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(printed.map(({ roleName }) => roleName)).toEqual([
    ...['shop-functions', 'shop-migrate', 'shop-verify'],
  ]);
  const [functions] = printed;
  const of = (action: string) =>
    functions.actions.find((one: { action: string }) => one.action === action).resources;
  expect(of('FIND')).toContainEqual({ db: 'shop', collection: 'auditEvents' });
  expect(of('UPDATE')).toContainEqual({ db: 'shop', collection: 'tracks' });
  expect(of('UPDATE')).not.toContainEqual({ db: 'shop', collection: 'auditEvents' });
});

test('an address without a database is refused', async () => {
  const MONGODB_URI = 'mongodb://127.0.0.1:1/?directConnection=true';
  const { code, stderr } = await roles(['create'], { MONGODB_URI });
  expect([code, stderr]).toEqual([1, 'MONGODB_URI must name a server and a database.\n']);
});
