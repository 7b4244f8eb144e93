import '../harness/place.ts';
import { expect, test } from 'vitest';
import { call, given, PASSWORD } from '../harness/given.ts';
import { times } from '../harness/times.ts';

const AT_ONCE = 64;
/** How many a stranger has under way, and makes at most. */
const STRANGERS = 4;
const MOST_GUESSES = 400;

const login = (name: string, password: string, deviceToken?: string) =>
  call<{ deviceToken: string }>('POST', '/v1/auth/login', {
    body: { login: name, password, ...(deviceToken && { deviceToken }) },
  });

/** Guesses at a password until `work` is done. Returns how the guesses were answered, and what it made. */
async function whileGuessing<T>(name: string, work: () => Promise<T>) {
  const statuses: number[] = [];
  let isDone = false;
  const guess = async () => {
    while (!isDone && statuses.length < MOST_GUESSES)
      statuses.push((await login(name, `guess ${statuses.length}`)).status);
  };
  const guessing = Promise.all(times(STRANGERS, guess));
  const made = await work().finally(() => {
    isDone = true;
  });
  await guessing;
  return { statuses, made };
}

test.each([
  ['one device', 1],
  ['eight devices', 8],
  ['as many devices', AT_ONCE],
])(
  'while a stranger guesses, and has locked the account, all of 64 right sign-ins at once from %s succeed',
  async (_what, devices) => {
    const alice = await given.user();
    const tokens: string[] = [];
    while (tokens.length < devices)
      tokens.push((await login(alice.email, PASSWORD)).body.deviceToken);
    const lockOut = await Promise.all(times(10, (n) => login(alice.email, `first guess ${n}`)));
    expect(lockOut.map(({ status }) => status)).toEqual(times(10, () => 401));
    // In one process, hashes keep its first connections waiting; on Lambda each sign-in has a process of its own.
    await Promise.all(times(AT_ONCE, () => alice.get('/v1/users/me')));
    const { statuses, made } = await whileGuessing(alice.email, () =>
      Promise.all(
        times(AT_ONCE, (n) => login(alice.email, PASSWORD, tokens[n % devices] as string)),
      ),
    );
    expect(made.map(({ status }) => status)).toEqual(times(AT_ONCE, () => 200));
    expect(new Set(statuses)).toEqual(new Set([429]));
    // From elsewhere it stays locked.
    expect((await login(alice.email, PASSWORD)).status).toBe(429);
  },
);
