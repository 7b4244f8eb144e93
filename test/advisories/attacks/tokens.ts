import '../support/seen.ts';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { expect } from 'vitest';
import { config } from '../../../src/config.ts';
import { call, given, PASSWORD, type Person } from '../../harness/given.ts';
import { until } from '../../harness/until.ts';
import { type Json, MISSING } from '../support/world.ts';

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Tokens as others would make them, by name. */
function forgeries(real: string, other: string): Record<string, string> {
  const [h = '', p = '', s = ''] = real.split('.');
  const header = JSON.parse(Buffer.from(h, 'base64url').toString()) as Json;
  const claims = JSON.parse(Buffer.from(p, 'base64url').toString()) as Json;
  const now = Math.floor(Date.now() / 1000);
  const [ours] = config.tokenKeys;
  if (!ours) throw new Error('No key.');
  const key = { key: ours, format: 'jwk' as const };
  const { d: _, ...publicJwk } = ours;
  const pem = createPublicKey({ key: publicJwk, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const es256 = (head: unknown, body: unknown, by: Parameters<typeof sign>[2] = key as never) => {
    const text = `${b64(head)}.${b64(body)}`;
    const options = { ...(by as object), dsaEncoding: 'ieee-p1363' as const };
    return `${text}.${sign('sha256', Buffer.from(text), options as never).toString('base64url')}`;
  };
  const hmac = (alg: string, head: Json, secret: string) => {
    const text = `${b64({ ...head, alg })}.${b64(claims)}`;
    const mac = createHmac(`sha${alg.slice(2)}`, secret)
      .update(text)
      .digest('base64url');
    return `${text}.${mac}`;
  };
  const theirs = { key: stranger.privateKey };
  const jwk = stranger.publicKey.export({ format: 'jwk' });
  const ourSecond = (change: Json) => es256(header, { ...claims, ...change });
  const ourHead = (change: Json) => es256({ ...header, ...change }, claims);
  const unsigned = (alg: unknown, end = '') => `${b64({ ...header, alg })}.${p}.${end}`;
  const raw = (text: string) => {
    const both = `${h}.${b64(text)}`;
    const options = { ...key, dsaEncoding: 'ieee-p1363' as const };
    return `${both}.${sign('sha256', Buffer.from(both), options as never).toString('base64url')}`;
  };
  return {
    'alg none': unsigned('none'),
    'alg None': unsigned('None'),
    'alg nOnE': unsigned('nOnE'),
    'alg NONE with the real signature': unsigned('NONE', s),
    'no alg': `${b64({ typ: header.typ, kid: header.kid })}.${p}.${s}`,
    'alg as a list': unsigned(['ES256', 'none'], s),
    'HS256 by the public key (PEM)': hmac('HS256', header, pem),
    'HS256 by the public key (JWK)': hmac('HS256', header, JSON.stringify(publicJwk)),
    'HS256 by nothing': hmac('HS256', header, ''),
    'HS384 by the public key': hmac('HS384', header, pem),
    'HS512 by the kid': hmac('HS512', header, ours.kid),
    'HS256 under typ JWT': hmac('HS256', { ...header, typ: 'JWT' }, pem),
    'another’s key under our kid': es256(header, claims, theirs as never),
    'another’s key under its own kid': es256({ ...header, kid: 'mine' }, claims, theirs as never),
    'kid as a path': es256({ ...header, kid: '../../../../dev/null' }, claims, theirs as never),
    'kid as a URL': es256({ ...header, kid: 'https://evil.example/k' }, claims, theirs as never),
    'kid as a query': es256({ ...header, kid: "' OR 1=1 --" }, claims, theirs as never),
    'kid __proto__': es256({ ...header, kid: '__proto__' }, claims, theirs as never),
    'kid as an object': es256({ ...header, kid: { $ne: null } }, claims, theirs as never),
    'kid empty': es256({ ...header, kid: '' }, claims, theirs as never),
    'kid missing': ourHead({ kid: undefined }),
    'jwk in the header': es256({ ...header, jwk }, claims, theirs as never),
    'jku in the header': es256({ ...header, jku: 'http://127.0.0.1:9/' }, claims, theirs as never),
    'x5u in the header': es256({ ...header, x5u: 'http://127.0.0.1:9/' }, claims, theirs as never),
    'x5c in the header': es256({ ...header, x5c: ['MIIB'] }, claims, theirs as never),
    'crit in the header': ourHead({ crit: ['exp'] }),
    'b64 false': ourHead({ b64: false, crit: ['b64'] }),
    'typ JWT': ourHead({ typ: 'JWT' }),
    'typ missing': ourHead({ typ: undefined }),
    'typ of another use': ourHead({ typ: 'rt+jwt' }),
    'alg ES384 over ES256': ourHead({ alg: 'ES384' }),
    'empty signature': `${h}.${p}.`,
    'a signature of noughts': `${h}.${p}.${Buffer.alloc(64).toString('base64url')}`,
    'a signature cut short': `${h}.${p}.${s.slice(0, 40)}`,
    'a payload of another under this signature': `${h}.${other.split('.')[1]}.${s}`,
    'sub changed': `${h}.${b64({ ...claims, sub: MISSING })}.${s}`,
    'sub of nobody, signed': ourSecond({ sub: MISSING }),
    'sid of no session, signed': ourSecond({ sid: MISSING }),
    'sid missing': ourSecond({ sid: undefined }),
    'sid as an object': ourSecond({ sid: { $ne: null } }),
    'sub as a list': ourSecond({ sub: [claims.sub] }),
    'another issuer': ourSecond({ iss: 'https://evil.example' }),
    'no issuer': ourSecond({ iss: undefined }),
    'another audience': ourSecond({ aud: 'other-app' }),
    'no audience': ourSecond({ aud: undefined }),
    'nbf ahead': ourSecond({ nbf: now + 3600 }),
    'nbf as text': ourSecond({ nbf: 'now' }),
    'exp past': ourSecond({ exp: now - 60 }),
    'exp as text': ourSecond({ exp: String(now + 3600) }),
    'exp as a fraction': ourSecond({ exp: now + 3600.5 }),
    'exp negative': ourSecond({ exp: -1 }),
    'exp null': ourSecond({ exp: null }),
    'exp missing': ourSecond({ exp: undefined }),
    'exp twice, the last past': raw(
      `${JSON.stringify({ ...claims, exp: now + 900 }).slice(0, -1)},"exp":${now - 900}}`,
    ),
    'a payload that is no object': raw('"admin"'),
    'a payload that is a list': raw('[]'),
    'a header that is no JSON': `${b64('{')}.${p}.${s}`,
    'four parts': `${real}.${s}`,
    'two parts': `${h}.${p}`,
    'a fifth part, as of an encrypted token': `${h}..${p}.${s}.`,
    'by the library with none': jwt.sign(claims, null as never, { algorithm: 'none' }),
    'too long': es256({ ...header, pad: 'x'.repeat(4000) }, claims),
  };
}

/** None of them is let in. */
export async function forgedTokens(): Promise<void> {
  const alice = await given.user();
  const bob = await given.user();
  const wrong: string[] = [];
  const all = forgeries(alice.token, bob.token);
  expect(Object.keys(all).length).toBeGreaterThanOrEqual(40);
  for (const [name, token] of Object.entries(all)) {
    const { status, body } = await call<Json>('GET', '/v1/users/me', { token });
    if (status !== 401 || body.code !== 'UNAUTHENTICATED') wrong.push(`${name} → ${status}`);
  }
  expect(wrong).toEqual([]);
  for (const authorization of [
    alice.token,
    `Basic ${alice.token}`,
    `Bearer  ${alice.token}`,
    `Bearer ${alice.token}, Bearer ${bob.token}`,
    `Bearer ${alice.token} x`,
    `Token ${alice.token}`,
    `Bearer ${alice.refreshToken}`,
    'Bearer null',
  ]) {
    const { status } = await call('GET', '/v1/users/me', { headers: { authorization } });
    expect(status, authorization.slice(0, 30)).toBe(401);
  }
  // The real one still is.
  expect((await alice.get('/v1/users/me')).body.id).toBe(alice.id);
}

const SOON = 5000;

/** After each way to end a session its tokens are worth nothing: the refresh token at once, the other in 5 s. */
export async function endedSessions(): Promise<void> {
  const admin = await given.admin();
  const again = async (person: Person) => {
    const body = { login: person.email, password: PASSWORD };
    const { body: it } = await call<Json>('POST', '/v1/auth/login', { body });
    return { token: it.accessToken as string, refreshToken: it.refreshToken as string };
  };
  const refresh = async (refreshToken: string) =>
    (await call('POST', '/v1/auth/refresh', { body: { refreshToken } })).status;
  const dead = async (what: string, token: string, since: number) => {
    await until(
      `401 after ${what}`,
      async () => (await call('GET', '/v1/users/me', { token })).status === 401,
      SOON - (Date.now() - since),
    );
  };

  const logout = async () => {
    const it = await given.user();
    await it.get('/v1/users/me');
    const { status } = await it.post('/v1/auth/logout', { refreshToken: it.refreshToken });
    expect(status).toBe(204);
    expect(await refresh(it.refreshToken)).toBe(401);
    await dead('logout', it.token, Date.now());
  };
  const deletion = async () => {
    const it = await given.user();
    const { token, refreshToken } = await again(it);
    await call('GET', '/v1/users/me', { token });
    const { body } = await it.get<{ data: { id: string }[] }>('/v1/sessions?limit=1');
    expect((await it.delete(`/v1/sessions/${body.data[0]?.id}`)).status).toBe(204);
    const since = Date.now();
    expect(await refresh(refreshToken)).toBe(401);
    await dead('deletion of the session', token, since);
    expect((await it.get('/v1/users/me')).status).toBe(200);
  };
  const password = async () => {
    const it = await given.user();
    const { token, refreshToken } = await again(it);
    await call('GET', '/v1/users/me', { token });
    const body = { currentPassword: PASSWORD, newPassword: 'another horse, another battery' };
    expect((await it.post('/v1/auth/password', body)).status).toBe(204);
    const since = Date.now();
    expect(await refresh(refreshToken)).toBe(401);
    await dead('a change of password', token, since);
    expect((await it.get('/v1/users/me')).status).toBe(200);
    const login = { login: it.email, password: PASSWORD };
    expect((await call('POST', '/v1/auth/login', { body: login })).status).toBe(401);
  };
  const suspension = async () => {
    const it = await given.user();
    await it.get('/v1/users/me');
    await admin.patch(`/v1/users/${it.id}`, { isActive: false });
    const since = Date.now();
    expect(await refresh(it.refreshToken)).toBe(401);
    await dead('suspension', it.token, since);
    const login = { login: it.email, password: PASSWORD };
    expect((await call('POST', '/v1/auth/login', { body: login })).status).toBe(401);
  };
  const demotion = async () => {
    const it = await given.admin();
    expect((await it.get('/v1/users')).status).toBe(200);
    await admin.patch(`/v1/users/${it.id}`, { isAdmin: false });
    const refused = async () => (await it.get('/v1/users')).status === 403;
    await until('403 after demotion', refused, SOON);
  };
  const reuse = async () => {
    const it = await given.user();
    await it.get('/v1/users/me');
    expect(await refresh(it.refreshToken)).toBe(200);
    expect(await refresh(it.refreshToken)).toBe(401);
    await dead('a second use of a refresh token', it.token, Date.now());
  };
  await Promise.all([logout(), deletion(), password(), suspension(), demotion(), reuse()]);
}
