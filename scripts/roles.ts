// `npm run roles -- …`: the roles in the database that the functions and `migrate` run under. See USAGE.
import { randomBytes } from 'node:crypto';
import { buildUserUri, parseConnectionString } from '../src/data/connection-string.ts';
import { describeAtlasRole } from './roles/atlas.ts';

const USAGE = `Usage: npm run roles -- create       creates them in the database of MONGODB_URI, an
                                     administrator's, or brings them up to date
       npm run roles -- atlas NAME   prints them for Atlas, for the database NAME`;

const [verb, database, ...more] = process.argv.slice(2);
const uri = process.env.MONGODB_URI ?? '';
// Without one the driver takes the database `test`.
const isComplete = Boolean(parseConnectionString(uri)?.database);
if (verb === 'atlas' && database && more.length === 0) await printForAtlas(database);
else if (verb === 'create' && !database && isComplete) await create();
else {
  const isAsked = verb === 'create' && !database;
  console.error(isAsked ? 'MONGODB_URI must name a server and a database.' : USAGE);
  process.exitCode = 1;
}

/** Imported only now: the models read the settings. */
async function describe() {
  await import('./docs/settings.ts');
  await import('../src/models/index.ts');
  const { entities } = await import('../src/data/entity.ts');
  const { migrations } = await import('../migrations/index.ts');
  const { describeRoles } = await import('../src/data/roles/roles.ts');
  return describeRoles([...entities.values()], migrations);
}

async function printForAtlas(name: string): Promise<void> {
  for (const role of await describe()) console.log(JSON.stringify(describeAtlasRole(name, role)));
}

async function create(): Promise<void> {
  const { MongoClient } = (await import('mongoose')).default.mongo;
  const { applyRole, applyUser } = await import('../src/data/roles/apply.ts');
  const client = new MongoClient(uri);
  try {
    const db = client.db();
    for (const role of await describe()) {
      await applyRole(db, role);
      const password = randomBytes(24).toString('base64url');
      const isNew = await applyUser(db, role.name, password);
      const user = { database: db.databaseName, user: role.name, password };
      console.log(isNew ? `${role.name}: ${buildUserUri(uri, user)}` : `${role.name}: up to date`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}
