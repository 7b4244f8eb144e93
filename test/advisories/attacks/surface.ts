import '../support/seen.ts';
import { request } from 'node:http';
import { expect } from 'vitest';
import { config } from '../../../src/config.ts';
import { call, given } from '../../harness/given.ts';
import { openApiDocument } from '../../harness/openapi-document.ts';
import { api } from '../../harness/place.ts';
import { withStoppedClock } from '../../harness/stopped-clock.ts';
import { invokeHttp } from '../support/events.ts';
import { internalsIn, tally } from '../support/seen.ts';
import { bodyFor, inParallel, type Json, owner, pathOf, routes } from '../support/world.ts';

const MB = 1024 * 1024;

/** Bodies up to 1 MB, 32 levels and 1,000 keys; lists up to 100; heads up to 16 kB. */
export async function limitsOfRequests(): Promise<void> {
  const alice = await given.user();
  const { token } = alice;
  const mine = await owner(alice);
  const send = async (raw: string, type?: string) =>
    call<Json>('PATCH', '/v1/settings', {
      token,
      raw,
      headers: type ? { 'content-type': type } : {},
    });

  const padded = (bytes: number) => `{"preferences":{}${' '.repeat(bytes - 18)}}`;
  expect((await send(padded(MB))).status).toBe(200);
  // What is larger than an event of Lambda never reaches a function: the gateway refuses it.
  for (const bytes of [MB + 100, 2 * MB, 5 * MB]) {
    expect((await send(padded(bytes))).status, `${bytes}`).toBe(413);
  }
  // Wide characters and types of another kind are counted by bytes too.
  expect((await send(`{"preferences":{"a":"${'ﷺ'.repeat(MB / 3)}"}}`)).status).toBe(413);
  expect((await send('x'.repeat(2 * MB), 'application/octet-stream')).status).toBe(413);
  for (const route of routes.filter((r) => r.method === 'POST' && !r.body)) {
    const { status } = await call(route.method, pathOf(route, mine.ids), {
      token,
      raw: padded(2 * MB),
    });
    expect(status, route.id).toBe(413);
  }

  const deep = (n: number) => `{"preferences":${'{"d":'.repeat(n)}1${'}'.repeat(n)}}`;
  expect((await send(deep(31))).status).toBe(200);
  expect((await send(deep(32))).status).toBe(422);
  for (const open of ['[', '{"d":']) {
    const close = open === '[' ? ']' : '}';
    const raw = `{"preferences":${open.repeat(100_000)}1${close.repeat(100_000)}}`;
    expect((await send(raw)).status).toBe(422);
  }
  expect((await send('['.repeat(MB - 10))).status).toBe(400);

  const keys = (n: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [i, 1])));
  expect((await send(`{"preferences":${keys(990)}}`)).status).toBe(200);
  expect((await send(`{"preferences":${keys(1001)}}`)).status).toBe(422);
  expect((await send(`{"preferences":{"a":${JSON.stringify(Array(1001).fill(1))}}}`)).status).toBe(
    422,
  );
  expect((await send(keys(50_000))).status).toBe(422);
  expect((await send(`{"application":{"a":"${'x'.repeat(17 * 1024)}"}}`)).status).toBe(422);

  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'text/json',
  ]) {
    expect((await send('{}', type)).status, type).toBe(415);
  }
  for (const raw of ['{', 'null', '[]', '"x"', '1', '{"a":NaN}', "{'a':1}", '\ufeff{}', '{}{}']) {
    expect([400, 415, 422], raw).toContain((await send(raw)).status);
  }
  expect((await alice.get('/v1/projects?limit=100')).status).toBe(200);
  expect((await alice.get('/v1/projects?limit=101')).status).toBe(400);
  expect(await headOf(16 * 1024)).toBe(431);
}

function headOf(bytes: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${api}/health`, { headers: { 'x-long': 'x'.repeat(bytes) } });
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** What a small request says is not said back at length. */
export async function noAmplification(): Promise<void> {
  const alice = await given.user();
  const key = 'k'.repeat(500_000);
  const many = Array.from({ length: 900 }, (_, n) => `"$${n}":1`).join();
  for (const raw of [`{"${key}":{${many}}}`, `{"${key}":1}`, `{"preferences":{"$${key}":1}}`]) {
    const answer = await call('PATCH', '/v1/settings', { token: alice.token, raw });
    expect(answer.status).toBe(422);
    expect(answer.text.length).toBeLessThan(64 * 1024);
  }
  const query = Array.from({ length: 900 }, (_, n) => `a${n}=1`).join('&');
  const answer = await alice.get(`/v1/audit-events?${query}`);
  expect(answer.status).toBe(400);
  expect(answer.text.length).toBeLessThan(32 * 1024);
}

/** Only origins on the list are told that they may read, each by its exact name. */
export async function exactOrigins(): Promise<void> {
  const alice = await given.user();
  const ask = (origin: string, method = 'GET') =>
    call(method, '/v1/projects', {
      token: alice.token,
      headers: { origin, 'access-control-request-method': 'POST' },
    });
  for (const origin of config.corsOrigins) {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await ask(origin, method);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('vary')).toBe('Origin');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  }
  expect(config.corsOrigins).toHaveLength(2);
  const [good = ''] = config.corsOrigins;
  const { host } = new URL(good);
  for (const origin of [
    ...['null', '*', '', 'https://evil.example', `${good}.evil.example`, `${good}:443`, `${good}/`],
    ...[
      `http://${host}`,
      `https://x.${host}`,
      `https://${host.toUpperCase()}`,
      `https://evil-${host}`,
    ],
    ...[
      `https://${host}@evil.example`,
      config.corsOrigins.join(','),
      `${good} https://evil.example`,
    ],
    ...[`https://${host.replaceAll('.', 'x')}`, `${good}%00`, 'file://', good.slice(0, -1)],
  ]) {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await ask(origin, method);
      const told = [...headers.keys()].filter((n) => n.startsWith('access-control-'));
      expect(told, `${method} ${origin}`).toEqual([]);
    }
  }
}

/** Every operation's good and bad answers; `seen.ts` holds each to what every answer must be. */
export async function everyAnswer(): Promise<void> {
  expect(internalsIn('E11000 dup key: { email: 1 }')).toHaveLength(1);
  expect(internalsIn('no track 01a20820-228b-7003-bb0e-e11000317bb0')).toEqual([]);
  const mine = await owner();
  const admin = await owner(await given.admin());
  const last = (id: string) => Number(/^delete|^logout|^refresh|^updateUser/.test(id));
  for (const route of [...routes].sort((a, b) => last(a.id) - last(b.id))) {
    const { person, ids } = route.access === 'admin' ? admin : mine;
    const path = pathOf(route, ids);
    const { token } = person;
    const body = bodyFor(route, mine);
    const bad = route.body && { body: { [`unknown-${route.id}`]: 1 } };
    const attempts = [
      { path: `${path}?unknown=1`, token },
      { path, token: 'x.y.z' },
      { path: `${path}/nothing`, token },
      { path: path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'no-id'), token },
      ...(bad
        ? [
            { path, token, ...bad },
            { path, token, raw: '{' },
          ]
        : []),
      { path, token, ...(body && { body }) },
    ];
    for (const { path: at, ...it } of attempts) await call(route.method, at, it);
    await call('PUT', path, { token, body: {} });
    // Without a body there is nothing to hold to the document; its headers are seen all the same.
    await fetch(api + path, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } });
  }
  expect(tally().problems).toBeGreaterThan(150);
}

/** What the document says of an answer leaves no room for more fields than it names. */
export async function closedSchemas(): Promise<void> {
  const document = openApiDocument as {
    paths: Record<string, Record<string, Json>>;
    components: { schemas: Record<string, Json> };
  };
  const loose: string[] = [];
  const componentOf = (ref: string) => document.components.schemas[ref.split('/').at(-1) ?? ''];
  // A part of what is closed as a whole need not be closed itself.
  const look = (schema: Json, at: string, isPart = false): void => {
    // What is free-form for clients is so here; the document itself is one.
    const properties = schema.properties as Record<string, Json> | undefined;
    const isClosed = [schema.additionalProperties, schema.unevaluatedProperties].includes(false);
    const isWhole = !isPart && (properties || schema.$ref);
    const target = typeof schema.$ref === 'string' ? componentOf(schema.$ref) : undefined;
    if (target) look(target, at, isClosed);
    if (isWhole && !isClosed && !target) loose.push(at);
    for (const [name, inner] of Object.entries(properties ?? {})) look(inner, `${at}.${name}`);
    if (schema.items) look(schema.items as Json, `${at}[]`);
  };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const responses = operation.responses as Record<string, { content?: Record<string, Json> }>;
      for (const [status, { content }] of Object.entries(responses)) {
        for (const { schema } of Object.values(content ?? {})) {
          if (schema) look(schema as Json, `${method} ${path} ${status}`);
        }
      }
    }
  }
  expect(loose).toEqual([]);
}

/** Beyond its calls a minute an address is told to wait, and nobody else is. */
export async function callsAMinute(): Promise<void> {
  const limit = config.callsPerMinute;
  const ip = '198.51.100.77';
  const ask = (from: string, n: number) =>
    invokeHttp('GET', '/v1/projects', {
      ip: from,
      headers: { 'x-forwarded-for': `10.0.0.${n % 250}` },
    });
  await withStoppedClock(async () => {
    await inParallel(
      Array.from({ length: limit }, (_, n) => n),
      async (n) => expect((await ask(ip, n)).statusCode).toBe(401),
    );
    const limited = await ask(ip, limit);
    expect(limited.statusCode).toBe(429);
    const headers = new Headers(limited.headers as Record<string, string>);
    const wait = Number(headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(JSON.parse(limited.body ?? '{}').code).toBe('RATE_LIMITED');
    expect((await ask('198.51.100.78', 0)).statusCode).toBe(401);
  });
}

/** A database that holds the record of a request with a password does not tell the password. */
export async function noPasswordInRecords(): Promise<void> {
  const { createHash } = await import('node:crypto');
  const { IdempotencyRecord } = await import('../../../src/models/api/idempotency-record.ts');
  const { canonicalJson } = await import('../../../src/canonical-json.ts');
  const alice = await given.user();
  const body = { login: alice.email, password: 'correct horse battery staple' };
  const headers = { 'idempotency-key': `login-${alice.id}` };
  expect((await call('POST', '/v1/auth/login', { body, headers })).status).toBe(200);
  const text = `login \n${canonicalJson(body)}`;
  const records = await IdempotencyRecord.collection.find().toArray();
  expect(records.length).toBeGreaterThan(0);
  const told = JSON.stringify(records) + records.map((r) => String(r.answer?.buffer)).join();
  for (const encoding of ['base64url', 'base64', 'hex'] as const) {
    for (const guess of [text, canonicalJson(body), body.password]) {
      expect(told).not.toContain(createHash('sha256').update(guess).digest(encoding));
    }
  }
  expect(told).not.toContain(body.password);
}
