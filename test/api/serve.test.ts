import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.CORS_ORIGINS = 'https://app.example.com,http://localhost:5173';
});

import '../harness/place.ts';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import { serveQueue } from '../../src/api/events/serve-events.ts';
import type { Route } from '../../src/api/http/route.ts';
import { serve } from '../../src/api/http/serve.ts';
import { AppError } from '../../src/errors.ts';
import { call, given } from '../harness/given.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';

/** What a handler is given, of which it needs nothing here. */
type Invoked = Parameters<ReturnType<typeof serve>>[1];

const FOREIGN = 'https://evil.example.com';
const OURS = 'https://app.example.com';

describe('every answer', () => {
  test('carries the request id that was sent, or a new one where that is malformed', async () => {
    const sent = await call('GET', '/health', { headers: { 'x-request-id': 'my.id:1_2-3' } });
    expect(sent.headers.get('x-request-id')).toBe('my.id:1_2-3');
    const minted = new Set();
    for (const bad of ['', 'has space', 'x'.repeat(129), 'a"b', '<b>']) {
      const { headers } = await call('GET', '/health', { headers: { 'x-request-id': bad } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      minted.add(headers.get('x-request-id'));
    }
    expect(minted.size).toBe(5);
    const problem = await call('GET', '/v1/nothing', { headers: { 'x-request-id': 'abc' } });
    expect(problem.body.instance).toBe('abc');
  });

  test('to an error is problem details, marked as not to be cached', async () => {
    const answer = await call('GET', '/v1/nothing');
    expect(answer).toMatchObject({
      status: 404,
      body: { type: expect.stringMatching(/^urn:/), title: 'Not Found', code: 'NOT_FOUND' },
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('may be read by pages of the configured origins only', async () => {
    for (const origin of [OURS, 'http://localhost:5173']) {
      const { headers } = await call('GET', '/v1/projects', { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-expose-headers')).toMatch(/ETag/);
    }
    for (const origin of [FOREIGN, 'null', `${OURS}.evil.com`, 'http://app.example.com']) {
      const { headers } = await call('GET', '/v1/projects', { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  test('to a CORS preflight names the methods of the route, for the configured origins only', async () => {
    const ours = await call('OPTIONS', '/v1/projects', { headers: { origin: OURS } });
    expect(ours.status).toBe(204);
    expect(ours.headers.get('access-control-allow-methods')).toBe('GET, POST, OPTIONS');
    expect(ours.headers.get('access-control-allow-headers')).toMatch(/Idempotency-Key/);
    const foreign = await call('OPTIONS', '/v1/projects', { headers: { origin: FOREIGN } });
    expect(foreign.status).toBe(204);
    expect(foreign.headers.get('access-control-allow-methods')).toBeNull();
  });
});

describe('a route', () => {
  test('accepts each documented query parameter once, and no other', async () => {
    const alice = await given.user();
    const one = `/v1/projects/${(await alice.project()).id}`;
    for (const path of [
      ...['nonsense=1', 'limit=1&limit=2', 'user=x', 'limit=%00', 'fields=%00'].map(
        (query) => `/v1/projects?${query}`,
      ),
      '/v1/projects?sort=name&name[gt]=a%00',
      `${one}?limit=1`,
    ]) {
      const answer = await alice.get(path);
      expect(answer, path).toMatchObject({ status: 400, body: { code: 'INVALID_QUERY' } });
    }
    // Joined, they would be one value that is as good as each.
    const admin = await given.admin();
    expect(await admin.get('/v1/admin/queues/dead-letters?code=A&code=B')).toMatchObject({
      ...{ status: 400, body: { code: 'INVALID_QUERY', errors: [{ path: 'code' }] } },
    });
  });

  test('has one address: no trailing slash, no other case, ids in lower case only', async () => {
    const alice = await given.user();
    const { id } = await alice.project();
    for (const path of ['/v1/projects/', '/V1/projects', '/v1//projects', `/v1/projects/${id}/`]) {
      expect((await alice.get(path)).status, path).toBe(404);
    }
    for (const other of [id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`, 'me', '1', '%00']) {
      expect((await alice.get(`/v1/projects/${other}`)).status, other).toBe(404);
    }
  });
});

describe('what is open to all', () => {
  test('health says which services it reached', async () => {
    const answer = await call('GET', '/health');
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'ok', checks: { database: 'ok', storage: 'ok' } },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('the reference page shows the OpenAPI document and loads nothing from elsewhere', async () => {
    const page = await call('GET', '/docs');
    expect(page.status).toBe(200);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, path]) => path as string,
    );
    expect(parts.length).toBeGreaterThan(0);
    const texts = [page.text];
    for (const path of parts) {
      expect(path).toMatch(/^\/docs\//);
      const part = await call('GET', path);
      expect(part.status, path).toBe(200);
      texts.push(part.text);
    }
    expect(texts.join()).toContain('/v1/openapi.json');
    const policy = page.headers.get('content-security-policy');
    for (const rule of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy?.split('; ')).toContain(rule);
    }
    // A token that is typed in is not stored, and one that was stored is removed.
    const start = await call('GET', '/docs/start.js');
    expect(start.text).toContain('persistAuthorization: false');
    expect(start.text).toContain("localStorage.removeItem('authorized')");
    expect(await call('GET', '/v1/openapi.json')).toMatchObject({ body: { openapi: '3.1.0' } });
  });
});

describe('an error', () => {
  const failing = (thrown: unknown) => {
    const route: Route = {
      method: 'GET',
      path: '/x',
      id: 'x',
      summary: 'x',
      tag: 'x',
      access: 'anyone',
      success: {},
      handle: async () => {
        throw thrown;
      },
    };
    const event = {
      rawPath: '/x',
      rawQueryString: '',
      headers: {},
      requestContext: { http: { method: 'GET', sourceIp: '192.0.2.9' } },
    };
    return serve(route)(event as unknown as APIGatewayProxyEventV2, {} as Invoked);
  };

  test('in our code is answered with 500 and no detail of what it was', async () => {
    for (const thrown of [new Error('mongodb://u:secret@h'), 'secret', null, { secret: 1 }]) {
      const answer = (await failing(thrown)) as { statusCode: number; body: string };
      expect(answer.statusCode).toBe(500);
      expect(answer.body).not.toContain('secret');
      expect(JSON.parse(answer.body).code).toBe('INTERNAL');
    }
  });

  test('of a database that is too busy is answered with 503, not 500', async () => {
    const { MongoServerError } = mongoose.mongo;
    const busy = [
      Object.assign(new Error('pool'), { name: 'MongoWaitQueueTimeoutError' }),
      new MongoServerError({ message: 'operation exceeded time limit', code: 50 }),
      new mongoose.mongo.MongoNetworkError('reset'),
    ];
    for (const thrown of busy) {
      expect(await failing(thrown)).toMatchObject({
        statusCode: 503,
        headers: { 'retry-after': expect.any(String) },
      });
    }
  });

  test('that is temporary is answered with 503 and Retry-After', async () => {
    const cause = new Error('secret');
    const thrown = new AppError('UNAVAILABLE', 'Not now.', { cause, retryAfter: 1.2 });
    const answer = (await failing(thrown)) as { statusCode: number; body: string; headers: object };
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
    expect(answer.body).not.toContain('secret');
  });
});

describe('a queue', () => {
  const handler = serveQueue('test', async (_ctx, message) => {
    if ((message as { poison?: true }).poison) throw new Error('It is poisoned.');
  });

  test('returns only the message that failed', async () => {
    const event = sqsEvent('{}', '{"poison":true}', 'no json', '{}');
    expect(await handler(event, invocation())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm1' }],
    });
  });

  test('returns each message when all failed, and none when none did', async () => {
    const poison = '{"poison":true}';
    expect(await handler(sqsEvent(poison, poison), invocation())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
    });
    expect(await handler(sqsEvent('{}'), invocation())).toEqual({ batchItemFailures: [] });
  });

  test('handles the event of a schedule as one message', async () => {
    const seen: unknown[] = [];
    const scheduled = serveQueue('test', async (_ctx, message) => {
      seen.push(message);
    });
    await scheduled({ source: 'aws.events' }, invocation());
    expect(seen).toEqual([{ source: 'aws.events' }]);
  });
});
