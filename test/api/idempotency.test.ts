import '../harness/place.ts';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import Joi from 'joi';
import { describe, expect, test } from 'vitest';
import type { Route } from '../../src/api/http/route.ts';
import { serve } from '../../src/api/http/serve.ts';
import type { Ctx } from '../../src/context.ts';
import { LONG_AGO } from '../../src/data/database-time.ts';
import { idText, newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { insert } from '../../src/data/write.ts';
import { AppError } from '../../src/errors.ts';
import { IdempotencyRecord } from '../../src/models/api/idempotency-record.ts';
import { Project } from '../../src/models/projects/project.ts';
import { call, given, PASSWORD } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';
import { newKey } from '../harness/new-key.ts';
import { until } from '../harness/until.ts';

describe('a key is free at once, for any request,', () => {
  test.each([
    ['malformed JSON', '{', 400],
    ['a forbidden key', '{"name":"A","$where":1}', 422],
    ['a fault of validation', '{"name":""}', 422],
    ['a body that is too large', `{"name":"${'x'.repeat(1024 * 1024)}"}`, 413],
  ])('after %s', async (_what, raw, status) => {
    const { token } = await given.user();
    const headers = newKey();
    const refused = await call('POST', '/v1/projects', { token, raw, headers });
    expect(refused.status).toBe(status);
    const made = await call('POST', '/v1/projects', { token, body: { name: 'B' }, headers });
    expect(made.status).toBe(201);
  });

  test('after a 401', async () => {
    const { token } = await given.user();
    const headers = newKey();
    const post = (given: string, name: string) =>
      call('POST', '/v1/projects', { token: given, body: { name }, headers });
    expect((await post(`${token}x`, 'A')).status).toBe(401);
    expect((await post(token, 'B')).status).toBe(201);
  });

  test('after a wrong password, and after too many of them', async () => {
    const alice = await given.user();
    const headers = newKey();
    const login = (name: string, password: string) =>
      call('POST', '/v1/auth/login', { body: { login: name, password }, headers });
    for (let n = 0; n < 10; n++) expect((await login(alice.email, `wrong ${n}`)).status).toBe(401);
    expect((await login(alice.email, PASSWORD)).status).toBe(429);
    expect((await login(alice.email, 'another')).status).toBe(429);
  });

  test('after what is not implemented yet', async () => {
    const { token } = await given.user();
    const headers = newKey();
    for (const body of [{}, { reason: 'another' }]) {
      const answer = await call('POST', '/v1/privacy/exports', { token, body, headers });
      expect(answer.status).toBe(501);
    }
  });

  test.each([
    ['code', () => new Error('broken')],
    ['the database', () => new AppError('UNAVAILABLE', 'Not now.')],
  ])('after an error of %s before anything was written', async (_what, error) => {
    const send = serveFailing(async () => {
      throw error();
    });
    const key = newKey();
    expect((await send(key, { name: 'A' })).statusCode).toBeGreaterThanOrEqual(500);
    expect(await send(key, { name: 'B' })).toMatchObject({ statusCode: 200, body: 'B' });
  });
});

test.each([
  ['written', insertProject],
  ['written in a transaction', (ctx: Ctx) => transaction(ctx, (tx) => insertProject(tx))],
])(
  'a key whose first try failed after something was %s is that of the same request alone, and makes it once',
  async (_what, make) => {
    const made: string[] = [];
    const send = serveFailing(async (ctx) => {
      made.push(idText(await make(ctx)));
      throw new Error('broken');
    });
    const key = newKey();
    expect((await send(key, { name: 'A' })).statusCode).toBe(500);
    const other = await send(key, { name: 'B' });
    expect(JSON.parse(other.body)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    // At once: the first try does not count as running.
    expect(await send(key, { name: 'A' })).toMatchObject({ statusCode: 200, body: 'A' });
    expect(await Project.collection.countDocuments({ _id: new UUID(made[0] as string) })).toBe(1);
  },
);

test.each([
  ['fails', () => Promise.reject(new Error('broken'))],
  [
    'fails after a write',
    async (ctx: Ctx) => {
      await insertProject(ctx);
      throw new Error('broken');
    },
  ],
  ['is answered', async () => 'first'],
])(
  'a first try that %s after another has taken its key over leaves the key to that one',
  async (_what, end) => {
    const { promise: mayEnd, resolve: endFirst } = Promise.withResolvers<void>();
    const { promise: mayAnswer, resolve: answerSecond } = Promise.withResolvers<void>();
    const { send, begun } = serveInTurn(
      async (ctx) => {
        await mayEnd;
        return end(ctx);
      },
      () => mayAnswer.then(() => 'second'),
      async () => 'third',
    );
    const key = newKey();
    const first = send(key, { name: 'A' });
    await until('it runs', () => begun() === 1);
    // As after 35 s: longer than a function may run, but not than a process that was stopped for a while.
    const over = { $set: { runningUntil: LONG_AGO } };
    await IdempotencyRecord.collection.updateMany({ answer: { $exists: false } }, over);
    const second = send(key, { name: 'A' });
    await until('the other runs', () => begun() === 2);
    endFirst();
    await first;
    const third = await send(key, { name: 'A' });
    expect(JSON.parse(third.body)).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    answerSecond();
    expect(await second).toMatchObject({ statusCode: 200, body: 'second' });
    expect(await send(key, { name: 'A' })).toMatchObject({ statusCode: 200, body: 'second' });
    expect(begun()).toBe(2);
  },
);

test('an anonymous request whose names are no texts is refused as any other', async () => {
  for (const name of [{ toString: 1 }, [['a']], 1, null, {}]) {
    const body = { login: name, email: name, refreshToken: name, password: 'x' };
    const answer = await call('POST', '/v1/auth/login', { body, headers: newKey() });
    expect(answer.status, JSON.stringify(name)).toBe(422);
  }
});

async function insertProject(ctx: Ctx): Promise<UUID> {
  return (await insert(ctx, Project, { user: newId(Date.now()), name: 'A' }))._id;
}

/** Sends requests to a route whose first call does this, and whose others answer the name sent. */
function serveFailing(first: (ctx: Ctx) => Promise<never>) {
  return serveInTurn(first, async (_ctx, name) => name).send;
}

type Run = (ctx: Ctx, name: string) => Promise<string>;

/** Sends requests to a route each call of which runs the next of these; the last, ever again. */
function serveInTurn(...runs: Run[]) {
  let calls = 0;
  const route: Route = {
    ...{ method: 'POST', path: '/x', id: 'x', summary: 'x', tag: 'x', access: 'anyone' },
    body: Joi.object({ name: Joi.string() }),
    success: {},
    handle: async (ctx, { body }) => {
      const run = runs[Math.min(calls++, runs.length - 1)] as Run;
      return { status: 200, body: await run(ctx, body.name as string) };
    },
  };
  const handler = serve(route);
  const send = async (headers: Record<string, string>, body: object) => {
    const event = {
      ...{ rawPath: '/x', rawQueryString: '', body: JSON.stringify(body) },
      headers: { ...headers, 'content-type': 'application/json' },
      requestContext: { http: { method: 'POST', sourceIp: '192.0.2.9' } },
    } as unknown as APIGatewayProxyEventV2;
    return (await handler(event, invocation() as Parameters<typeof handler>[1])) as {
      statusCode: number;
      body: string;
    };
  };
  return { send, begun: () => calls };
}
