import { vi } from 'vitest';

// As in the cloud: the data keys of encrypted fields do not depend on the app's secret.
const kms = await vi.hoisted(async () => (await import('../harness/kms.ts')).startKms());

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { listTokenKeys } from '../../src/crypto/key-ring.ts';
import { makeAppSecret, makeTokenKey } from '../../src/crypto/new-keys.ts';
import { newId } from '../../src/data/ids.ts';
import { log } from '../../src/providers/log.ts';
import { signAccessToken, verifyAccessToken } from '../../src/services/account/tokens.ts';
import { passTime } from '../harness/clocks.ts';
import { call, given, PASSWORD, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { type SecretsManager, startSecretsManager } from '../harness/secrets-manager.ts';
import { times } from '../harness/times.ts';

place({ worker: false });

const NAME = 'mixdown/test';
const MINUTE = 60_000;
const LONG_AGO = '2026-01-01T00:00:00.000Z';
/** What this process began with. */
const first = {
  TOKEN_KEYS: JSON.parse(process.env.TOKEN_KEYS as string) as object[],
  APP_SECRET: process.env.APP_SECRET as string,
};

const manager = await startSecretsManager();
for (const [name, value] of Object.entries(manager.env)) process.env[name] = value;

/** From now on this process reads its secrets in Secrets Manager. */
function manage(): void {
  manager.calls.length = 0;
  manager.fails = undefined;
  change({});
  process.env.SECRETS_ID = NAME;
}

function change(values: object): void {
  manager.secrets.set(NAME, JSON.stringify({ ...first, ...values }));
}

const ask = async (person: Person) => (await person.get('/v1/users/me')).status;

/** The secrets are due, and this process reads them. */
async function renew(person: Person): Promise<void> {
  passTime(5 * MINUTE);
  await ask(person);
}

afterAll(() => {
  manager.stop();
  kms.stop();
});

// Back to what this process began with: the file of the place.
afterEach(async () => {
  process.env.SECRETS_ID = '';
  vi.restoreAllMocks();
  await renew(await given.user());
});

test('secrets are read again within five minutes, once for a burst, and never before', async () => {
  const alice = await given.user();
  await renew(alice);
  manage();
  await Promise.all(times(100, () => ask(alice)));
  passTime(3.9 * MINUTE);
  await Promise.all(times(100, () => ask(alice)));
  expect(manager.calls).toEqual([]);
  passTime(0.2 * MINUTE);
  expect(await Promise.all(times(100, () => ask(alice)))).toEqual(times(100, () => 200));
  expect(manager.calls).toEqual(['GetSecretValue']);
});

test('a new key verifies before it signs, signs from its time on, and is refused once it is gone', async () => {
  const alice = await given.user();
  manage();
  const soon = new Date(Date.now() + 10 * MINUTE).toISOString();
  const [waiting, used] = [makeTokenKey(soon), makeTokenKey(LONG_AGO)];
  const [user, session] = [newId(Date.now()), newId(Date.now())];
  const ctx = systemCtx('test');
  const kidOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()).kid;

  change({ TOKEN_KEYS: [waiting, ...first.TOKEN_KEYS] });
  await renew(alice);
  expect(listTokenKeys().map(({ kid }) => kid)).toContain(waiting.kid);
  expect(kidOf(signAccessToken(ctx, user, session))).not.toBe(waiting.kid);
  vi.spyOn(Date, 'now').mockReturnValue(Date.parse(soon));
  const token = signAccessToken(ctx, user, session);
  expect(kidOf(token)).toBe(waiting.kid);
  expect(verifyAccessToken(ctx, token)).toBeDefined();
  vi.mocked(Date.now).mockRestore();

  change({ TOKEN_KEYS: [used] });
  await renew(await given.user());
  expect(verifyAccessToken(ctx, token)).toBeUndefined();
  expect(await ask(alice)).toBe(401);
});

test('a token of an unknown key makes the secrets be read early, at most once in 15 s', async () => {
  const alice = await given.user();
  await renew(alice);
  manage();
  const key = makeTokenKey(LONG_AGO);
  const forge = () => {
    const header = Buffer.from(JSON.stringify({ kid: `x${Math.random()}` })).toString('base64url');
    return `${header}.${alice.token.split('.').slice(1).join('.')}`;
  };
  const attack = () =>
    Promise.all(times(50, () => call('GET', '/v1/users/me', { token: forge() })));
  passTime(0.3 * MINUTE);
  expect((await attack()).map(({ status }) => status)).toEqual(times(50, () => 401));
  expect(manager.calls).toHaveLength(1);
  await attack();
  expect(manager.calls).toHaveLength(1);

  // A token of another host, which has read a key that is used at once.
  change({ TOKEN_KEYS: [...first.TOKEN_KEYS, key] });
  passTime(0.3 * MINUTE);
  await attack();
  expect(listTokenKeys().map(({ kid }) => kid)).toContain(key.kid);
  expect(manager.calls).toHaveLength(2);
  expect(await ask(alice)).toBe(200);
});

const fail = (fails: SecretsManager['fails']) => () => {
  manager.fails = fails;
};

test.each<[string, () => void]>([
  ['is away', fail({ status: 503, name: 'InternalServiceError' })],
  ['refuses', fail({ status: 400, name: 'AccessDeniedException' })],
  ['does not answer', fail('silence')],
  ['has no JSON', () => void manager.secrets.set(NAME, '{"APP_SECRET":"CANARY')],
  [
    'has two keys with one kid',
    () => change({ TOKEN_KEYS: [...first.TOKEN_KEYS, ...first.TOKEN_KEYS] }),
  ],
  ['lacks a secret', () => change({ APP_SECRET: 'CANARY' })],
])(
  'when Secrets Manager %s, the former keys stay in use, it is logged, and tried again',
  async (_what, breakIt) => {
    const alice = await given.user();
    manage();
    const logged = vi.spyOn(log, 'error').mockImplementation(() => undefined);
    breakIt();
    passTime(5 * MINUTE);
    expect(await Promise.all(times(20, () => ask(alice)))).toEqual(times(20, () => 200));
    expect((await alice.refreshes()).status).toBe(200);
    await vi.waitFor(() => expect(logged).toHaveBeenCalledOnce(), 20_000);
    expect(
      JSON.stringify(logged.mock.calls, Object.getOwnPropertyNames(Error.prototype)),
    ).not.toContain('CANARY');

    manager.fails = undefined;
    const key = makeTokenKey(LONG_AGO);
    change({ TOKEN_KEYS: [...first.TOKEN_KEYS, key] });
    passTime(0.3 * MINUTE);
    expect(await ask(alice)).toBe(200);
    expect(listTokenKeys().map(({ kid }) => kid)).toContain(key.kid);
  },
);

test('a new app secret leaves open what the former one has signed and encrypted', async () => {
  const alice = await given.user();
  manage();
  await Promise.all(times(2, () => alice.project()));
  const page = '/v1/projects?limit=1';
  const nextOf = async () => (await alice.get<{ nextCursor: string }>(page)).body.nextCursor;
  const follow = async (cursor: string) =>
    (await alice.get(`${page}&cursor=${encodeURIComponent(cursor)}`)).status;
  const login = async (deviceToken?: string) => {
    const body = { login: alice.email, password: PASSWORD, ...(deviceToken && { deviceToken }) };
    return (await call<{ deviceToken: string }>('POST', '/v1/auth/login', { body })).body
      .deviceToken;
  };
  const key = { 'idempotency-key': crypto.randomUUID() };
  const post = () => alice.post('/v1/projects', { name: 'Once' }, key);
  const [cursor, made, device] = [await nextOf(), (await post()).body.id, await login()];

  const secret = makeAppSecret();
  const former = { secret: first.APP_SECRET };
  change({ APP_SECRET: [former, { secret, usedFrom: LONG_AGO }] });
  await renew(alice);
  expect(await follow(cursor)).toBe(200);
  expect(await post()).toMatchObject({ status: 201, body: { id: made } });
  expect((await alice.post('/v1/projects', { name: 'Other' }, key)).body.code).toBe(
    'IDEMPOTENCY_KEY_REUSED',
  );
  expect((await alice.refreshes()).status).toBe(200);
  const later = await nextOf();
  expect(later).not.toBe(cursor);
  const sameDevice = await login(device);
  expect(sameDevice).not.toBe(device);

  // What was signed last by the former one is retired with it; what was renewed since is not.
  change({ APP_SECRET: [{ secret, usedFrom: LONG_AGO }] });
  await renew(alice);
  expect(await follow(cursor)).toBe(400);
  expect(await follow(later)).toBe(200);
  expect((await alice.refreshes()).status).toBe(200);
  expect(await login(sameDevice)).toBe(sameDevice);
});
