import { randomBytes } from 'node:crypto';
import { Problem } from './problem.ts';

/** Calls the API as a new account. @throws Problem with the message of the API when it refuses */
export type Call = <T>(method: string, path: string, body?: object) => Promise<T>;

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** Somebody who is signed in. */
interface SignedIn {
  email: string;
  /** As it was at first; `call` renews it. */
  accessToken: string;
  call: Call;
}

/** Creates an account and signs in. */
export async function signUp(api: string): Promise<SignedIn> {
  const username = `demo-${randomBytes(5).toString('hex')}`;
  const email = `${username}@example.com`;
  const password = randomBytes(18).toString('base64url');
  const account = { email, username, password, displayName: 'Demo' };
  const answer = await request(api, 'POST', '/v1/auth/register', account);
  return makeCalls(api, email, (await readAccepted(answer)) as Tokens);
}

/** Signs in to an account that is there. */
export async function signIn(
  api: string,
  { email, password }: { email: string; password: string },
): Promise<SignedIn> {
  const answer = await request(api, 'POST', '/v1/auth/login', { login: email, password });
  return makeCalls(api, email, (await readAccepted(answer)) as Tokens);
}

function makeCalls(api: string, email: string, first: Tokens): SignedIn {
  let tokens = first;
  const call: Call = async <T>(method: string, path: string, body?: object) => {
    let answer = await request(api, method, path, body, tokens.accessToken);
    // An access token expires after ten minutes; many songs take longer.
    if (answer.status === 401) {
      const { refreshToken } = tokens;
      tokens = (await readAccepted(
        await request(api, 'POST', '/v1/auth/refresh', { refreshToken }),
      )) as Tokens;
      answer = await request(api, method, path, body, tokens.accessToken);
    }
    return (await readAccepted(answer)) as T; // its shape is the API's contract
  };
  return { email, accessToken: first.accessToken, call };
}

async function request(
  api: string,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<Response> {
  try {
    return await fetch(api + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new Problem(`Nothing answers at ${api}.`, { cause });
  }
}

async function readAccepted(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : undefined;
  throw new Problem(`The API answered ${answer.status}: ${readDetail(text)}`);
}

/** Reads the `detail` of problem details (RFC 9457); the gateway's own responses are plain text. */
function readDetail(text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? text;
  } catch {
    return text;
  }
}
