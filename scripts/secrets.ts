// `npm run secrets -- COMMAND` makes, rotates and lists the secrets: those in Secrets Manager under the
// name SECRETS_ID, or those of the backend on this machine. It prints none of them.
import { isDeepStrictEqual } from 'node:util';
import { type CheckedSecrets, checkSecrets } from './secrets/check.ts';
import {
  addKey,
  describeKeys,
  makeKey,
  OPENS_FOR,
  pruneKeys,
  ROTATED,
  type Rotated,
} from './secrets/rotation.ts';
import { formatKeys } from './secrets/show.ts';
import { findStore, type Store } from './secrets/store.ts';

const USAGE = `Usage: npm run secrets -- create | list | rotate [LIST] | prune | replace LIST
LIST is TOKEN_KEYS or APP_SECRET`;

const now = Date.now();
const store = findStore(process.env);
const [command = '', list, ...more] = process.argv.slice(2);

const commands: Record<string, () => Promise<void>> = {
  create,
  list: async () => show(await read()),
  rotate: () => change(list ? [list as Rotated] : ROTATED, (of, keys) => addKey(of, keys, now)),
  prune: () => change(ROTATED, (_, keys) => keys),
  replace: () => change([list as Rotated], (of) => replaceKeys(of)),
};

const takesList = command === 'rotate' || command === 'replace';
const isList = ROTATED.includes(list as Rotated) || (list === undefined && command !== 'replace');
if (!Object.hasOwn(commands, command) || more.length > 0 || !isList || (list && !takesList)) {
  console.error(USAGE);
  process.exit(1);
}
try {
  await commands[command]?.();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Makes the first secrets. */
async function create(): Promise<void> {
  const { MONGODB_URI } = process.env;
  if (!MONGODB_URI && process.env.SECRETS_ID)
    throw new Error('Set MONGODB_URI to the connection string of the database.');
  const keys = Object.fromEntries(ROTATED.map((of) => [of, [makeKey(of, now)]]));
  const secrets = { MONGODB_URI, ...keys };
  await store.create(secrets);
  show(checkSecrets(JSON.stringify(secrets), store.name));
}

async function read(): Promise<CheckedSecrets> {
  return checkSecrets(await store.read(), store.name);
}

/** Changes lists, leaves out what is retired of all, and writes the secrets if they are others then. */
async function change(
  which: readonly Rotated[],
  edit: (of: Rotated, keys: CheckedSecrets[Rotated]) => CheckedSecrets[Rotated],
): Promise<void> {
  const before = await read();
  const after = { ...before };
  for (const of of which) after[of] = edit(of, after[of]);
  for (const of of ROTATED) after[of] = pruneKeys(after[of], now, findTerm(of, store));
  if (!isDeepStrictEqual(after, before)) await store.write(after);
  show(after);
}

/** One new key that is used at once, and no other: for a key that has leaked. */
function replaceKeys(of: Rotated): CheckedSecrets[Rotated] {
  if (of === 'APP_SECRET' && store.wrapsDataKeys)
    throw new Error(
      'The encrypted fields on this machine need the former secrets: rotate instead.',
    );
  return [makeKey(of, now)];
}

function findTerm(of: Rotated, { wrapsDataKeys }: Store): number {
  return of === 'APP_SECRET' && wrapsDataKeys ? Number.POSITIVE_INFINITY : OPENS_FOR[of];
}

function show(secrets: CheckedSecrets): void {
  console.log(store.name);
  for (const of of ROTATED) {
    console.log(formatKeys(of, describeKeys(secrets[of], now, findTerm(of, store)), now));
  }
}
