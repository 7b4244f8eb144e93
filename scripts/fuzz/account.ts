import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { Problem } from '../demo/problem.ts';
import type { Backend } from './backend.ts';

export type Role = 'user' | 'admin';

interface SignedIn {
  accessToken: string;
  refreshToken: string;
}

/** The account that sends the cases. */
export interface Account {
  email: string;
  password: string;
  /** Begins another session. */
  signIn(): Promise<SignedIn>;
  /**
   * Returns a valid token. Cases may end sessions, change the password, suspend the account or
   * remove its role: then the account is restored in the database, and signs in again.
   */
  token(): Promise<string>;
  close(): Promise<void>;
}

/** Creates an account with a role. */
export async function openAccount(
  { api, mongodb }: Pick<Backend, 'api' | 'mongodb'>,
  role: Role,
): Promise<Account> {
  const username = `fuzz-${role}-${randomBytes(5).toString('hex')}`;
  const email = `${username}@example.com`;
  const password = randomBytes(18).toString('base64url');
  const client = await MongoClient.connect(mongodb);
  const users = client.db().collection('users');
  const signUp = () => post(api, '/v1/auth/register', { email, username, password });
  const signIn = () => post(api, '/v1/auth/login', { login: email, password });
  const standing = { isActive: true, isAdmin: role === 'admin' };

  let { accessToken } = await signUp();
  let made = await users.findOneAndUpdate({ email }, { $set: standing });

  async function restoreAccount(): Promise<void> {
    // The cases have tried hundreds of wrong passwords from this address.
    await client.db().collection('rateCounts').deleteMany({});
    const $set = { ...standing, hashedPassword: made?.hashedPassword };
    const { matchedCount } = await users.updateOne({ email }, { $set, $inc: { version: 1 } });
    if (matchedCount === 0) {
      ({ accessToken } = await signUp());
      made = await users.findOneAndUpdate({ email }, { $set: standing });
    }
  }

  return {
    email,
    password,
    signIn,
    token: async () => {
      if (await isValid(api, accessToken, standing.isAdmin)) return accessToken;
      await restoreAccount();
      ({ accessToken } = await signIn());
      return accessToken;
    },
    close: () => client.close(),
  };
}

async function isValid(api: string, token: string, isAdmin: boolean): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${api}/v1/users/me?fields=isAdmin`, { headers });
  return answer.ok && ((await answer.json()) as { isAdmin: boolean }).isAdmin === isAdmin;
}

async function post(api: string, path: string, body: object): Promise<SignedIn> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.ok) return (await answer.json()) as SignedIn;
  throw new Problem(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
}
