/** The parts of a MongoDB connection string. */
interface ConnectionString {
  scheme: string;
  /** User and password as they stand there, with their `@`; empty without. */
  signIn: string;
  hosts: string;
  /** Empty where it names none: then the driver takes `test`. */
  database: string;
  options: URLSearchParams;
}

/** Takes a connection string apart; null when it is none. No URL: it may name several hosts. */
export function parseConnectionString(uri: string): ConnectionString | null {
  const [, scheme, signIn = '', hosts, database = '', query = ''] =
    /^(mongodb(?:\+srv)?:\/\/)([^@/]*@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri) ?? [];
  if (!scheme || !hosts) return null;
  return { scheme, signIn, hosts, database, options: new URLSearchParams(query) };
}

/** Names the database in a connection string that names none. */
export function withDatabase(uri: string, database: string): string {
  const parts = requireParts(uri);
  return print({ ...parts, database: parts.database || database });
}

/** The same servers and options, without a database. */
export function withoutDatabase(uri: string): string {
  return print({ ...requireParts(uri), database: '' });
}

/** The connection string of a user in the place of another: the same servers and options. */
export function buildUserUri(
  uri: string,
  { database, user, password }: { database: string; user: string; password: string },
): string {
  const { options, ...parts } = requireParts(uri);
  options.set('authSource', database);
  for (const name of ['authMechanism', 'authMechanismProperties']) options.delete(name);
  const signIn = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return print({ ...parts, signIn, database, options });
}

/** The message does not show it: it may hold a password. */
function requireParts(uri: string): ConnectionString {
  const parts = parseConnectionString(uri);
  if (!parts) throw new Error('MONGODB_URI is not a MongoDB connection string.');
  return parts;
}

function print({ scheme, signIn, hosts, database, options }: ConnectionString): string {
  const query = options.size > 0 ? `?${options}` : '';
  return `${scheme}${signIn}${hosts}/${database}${query}`;
}
