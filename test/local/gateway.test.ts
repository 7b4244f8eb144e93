import { connect } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { readDeployment } from '../../src/local/deployment/read.ts';
import { startGateway } from '../../src/local/http/gateway.ts';
import type { Handler } from '../../src/local/invoke/handler.ts';
import { project } from './given.ts';

const yaml = `
service: stub
functions:
  tracks:
    handler: functions/tracks.handler
    events: [{ httpApi: 'ANY /v1/tracks' }, { httpApi: 'ANY /v1/tracks/{path+}' }]
  one:
    handler: functions/one.handler
    events: [{ httpApi: 'GET /v1/tracks/{id}' }, { httpApi: { method: get, path: /v1/tracks/newest } }]
  system: { handler: functions/system.handler, events: [{ httpApi: '*' }] }
`;

async function given(
  handlers: Record<string, Handler> | Handler,
  { time, sending, timeout }: { time?: number; sending?: number; timeout?: number } = {},
) {
  const lines: string[] = [];
  const deployment = readDeployment(project({ 'serverless.yml': yaml }));
  if (timeout) for (const fn of deployment.functions) fn.timeout = timeout;
  const gateway = await startGateway({
    deployment,
    load: async ({ name }) => {
      const handler = typeof handlers === 'function' ? handlers : handlers[name];
      if (!handler) throw new Error(`no ${name}`);
      return handler;
    },
    log: (line) => lines.push(line),
    ...(time && { time }),
    ...(sending && { sending }),
  });
  onTestFinished(() => gateway.stop());
  return { ...gateway, lines };
}

const echo: Handler = (event) => ({ statusCode: 200, body: JSON.stringify(event) });

async function eventOf(url: string, init?: RequestInit): Promise<APIGatewayProxyEventV2> {
  return (await (await fetch(url, init)).json()) as APIGatewayProxyEventV2;
}

/** Sends bytes as they are and answers what comes back. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.end(request);
  });
}

test('an event describes the request as API Gateway does', async () => {
  const { url, port } = await given(echo);
  const event = await eventOf(`${url}/v1/tracks/a%20b/c?x=1&y=%C3%BC+1&x=2&empty=`, {
    method: 'PUT',
    headers: { 'X-Test': 'One', cookie: 'a=1; b=2', 'user-agent': 'me' },
    body: '{"n":1}',
  });
  expect(event).toMatchObject({
    version: '2.0',
    routeKey: 'ANY /v1/tracks/{path+}',
    rawPath: '/v1/tracks/a%20b/c',
    rawQueryString: 'x=1&y=%C3%BC+1&x=2&empty=',
    queryStringParameters: { x: '1,2', y: 'ü 1', empty: '' },
    pathParameters: { path: 'a b/c' },
    cookies: ['a=1', 'b=2'],
    body: '{"n":1}',
    isBase64Encoded: false,
  });
  expect(event.headers).toMatchObject({ 'x-test': 'One', host: `localhost:${port}` });
  expect(event.headers).not.toHaveProperty('cookie');
  expect(event.requestContext).toMatchObject({
    stage: '$default',
    routeKey: 'ANY /v1/tracks/{path+}',
    http: { method: 'PUT', path: '/v1/tracks/a%20b/c', protocol: 'HTTP/1.1', userAgent: 'me' },
  });
  expect(event.requestContext.http.sourceIp).toMatch(/^(127\.0\.0\.1|::1)$/);
  expect(event.requestContext.time).toMatch(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  expect(event.requestContext.requestId).toMatch(/^[\w-]{36}$/);
});

test('headers sent twice are joined by a comma, and __proto__ is a name like any other', async () => {
  const { port } = await given(echo);
  const answer = await raw(
    port,
    'GET /?__proto__=1&__proto__=2 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n',
  );
  const event = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  expect(event.headers['x-a']).toBe('1,2');
  expect(Object.entries(event.queryStringParameters)).toEqual([['__proto__', '1,2']]);
});

test('binary bodies arrive as base64, also with an unreadable content type', async () => {
  const { url } = await given(echo);
  const body = Buffer.from([0, 255, 128]);
  for (const type of ['audio/mpeg', 'application/x-www-form-urlencoded', ';;;', 'a/b/c; x']) {
    const event = await eventOf(`${url}/v1/tracks`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect([type, event.isBase64Encoded, event.body]).toEqual([type, true, 'AP+A']);
  }
  const patch = await eventOf(url, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json; charset=utf-8' },
    body: '{}',
  });
  expect([patch.isBase64Encoded, patch.body]).toEqual([false, '{}']);
});

test('the most specific route wins, and $default receives the rest', async () => {
  const named =
    (name: string): Handler =>
    () =>
      name;
  const handlers = { tracks: named('tracks'), one: named('one'), system: named('system') };
  const { url } = await given(handlers);
  const took = async (method: string, path: string) => (await fetch(url + path, { method })).text();
  expect(await took('GET', '/v1/tracks')).toBe('tracks');
  expect(await took('GET', '/v1/tracks/newest')).toBe('one');
  expect(await took('GET', '/v1/tracks/1')).toBe('one');
  expect(await took('POST', '/v1/tracks/1')).toBe('tracks');
  expect(await took('GET', '/v1/tracks/1/parts')).toBe('tracks');
  for (const path of ['/', '/v1', '/v1/tracks/', '/v1/tracksx', '/%zz', '/v2/tracks']) {
    expect([path, await took('GET', path)]).toEqual([path, 'system']);
  }
});

test('an answer keeps its status, headers, cookies and bytes', async () => {
  const { url } = await given(() => ({
    statusCode: 201,
    headers: { ETag: '"1"', 'Content-Type': 'audio/mpeg', 'x-n': 3 },
    cookies: ['a=1; HttpOnly', 'b=2'],
    body: 'AP+A',
    isBase64Encoded: true,
  }));
  const answer = await fetch(url);
  expect(answer.status).toBe(201);
  expect(answer.headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2']);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    etag: '"1"',
    'content-type': 'audio/mpeg',
    'content-length': '3',
    'x-n': '3',
  });
  expect(Buffer.from(await answer.arrayBuffer()).toString('base64')).toBe('AP+A');
});

test('a result without a status is the JSON of a 200', async () => {
  const { url } = await given(() => ({ hello: 'world' }));
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await answer.json()).toEqual({ hello: 'world' });
});

test('HEAD and 304 carry no body', async () => {
  const { url } = await given((event) => {
    const { method } = (event as APIGatewayProxyEventV2).requestContext.http;
    return { statusCode: method === 'HEAD' ? 200 : 304, headers: { etag: '"1"' }, body: '' };
  });
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(url)).status).toBe(304);
});

test('a crash is answered with 500 without details, which the log has', async () => {
  const crashes: Record<string, Handler> = {
    tracks: () => {
      throw new Error('secret reason');
    },
    system: async () => ({ statusCode: 200, headers: { 'x-bad': 'a\r\nb' } }),
  };
  const { url, lines } = await given(crashes);
  const crashed = await fetch(`${url}/v1/tracks`);
  expect([crashed.status, await crashed.json()]).toEqual([
    500,
    { message: 'Internal Server Error' },
  ]);
  expect(lines.join()).toContain('secret reason');
  const absent = await fetch(`${url}/v1/tracks/1`);
  expect(absent.status).toBe(500);
  expect(lines.join()).toContain('no one');
  expect((await fetch(url)).status).toBe(500);
});

test.each([
  ['a status that is none', { statusCode: 42 }],
  ['a status that is no number', { statusCode: 'ok' }],
  ['a body that is no string', { statusCode: 200, body: { a: 1 } }],
])('%s is a 500', async (_what, result) => {
  const { url } = await given(() => result);
  expect((await fetch(url)).status).toBe(500);
});

test('a function that takes longer than the gateway waits is a 503', async () => {
  let remaining = 0;
  const { url } = await given(
    (_event, context) => {
      remaining = context.getRemainingTimeInMillis();
      return new Promise(() => {});
    },
    { time: 100 },
  );
  const answer = await fetch(url);
  expect([answer.status, await answer.json()]).toEqual([503, { message: 'Service Unavailable' }]);
  expect(remaining).toBeGreaterThan(0);
  expect(remaining).toBeLessThanOrEqual(100);
});

test('a function that takes longer than it may itself has failed: a 500', async () => {
  const { url, lines } = await given(() => new Promise(() => {}), { timeout: 0.1 });
  const answer = await fetch(url);
  expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  expect(lines.join()).toContain('system timed out after 0.1 seconds');
});

const MB_6 = 6 * 1024 * 1024;

test('a result of 6 MB passes, as Lambda counts it; one byte more is a 500, and the log says why', async () => {
  // As JSON, each of these takes more bytes than its UTF-16 has characters.
  const filling = '"\\\n\u0001\u{1F3B5}\ud800é'.repeat(40_000);
  const envelope = JSON.stringify({ statusCode: 200, body: filling });
  const most = MB_6 + 100 - Buffer.byteLength(envelope);
  let length = most;
  const { url, lines } = await given(() => ({
    statusCode: 200,
    body: filling + 'x'.repeat(length),
  }));
  expect((await fetch(url)).status).toBe(200);
  expect(lines).toEqual([]);
  length = most + 1;
  const answer = await fetch(url);
  expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  expect(lines.join()).toMatch(/answered 500.* result of system has 6291557 bytes; Lambda .*6 MB/s);
});

test('an event of 6 MB passes, with what escaping or base64 adds; a larger one is a 413', async () => {
  const { url, lines } = await given(() => 'ok');
  const post = (body: string, type = 'text/plain') =>
    fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
  expect((await post('x'.repeat(MB_6 - 5000))).status).toBe(200);
  for (const [body, type] of [
    ['x'.repeat(MB_6), 'text/plain'],
    ['"'.repeat(MB_6 / 2), 'text/plain'],
    ['x'.repeat((MB_6 / 4) * 3), 'audio/mpeg'],
  ] as const) {
    const answer = await post(body, type);
    expect([answer.status, await answer.json()]).toEqual([
      413,
      { message: 'Request Entity Too Large' },
    ]);
  }
  expect(lines.join()).toContain('Lambda accepts 6291456 (6 MB)');
});

test('a body of over ten megabytes is a 413, whatever Lambda would say', async () => {
  const { url, lines } = await given(() => 'ok');
  const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) });
  expect([answer.status, await answer.json()]).toEqual([
    413,
    { message: 'Request Entity Too Large' },
  ]);
  expect(lines).toEqual([]);
});

test('a request line and headers of more than 10,240 bytes are answered with 431', async () => {
  const { url } = await given(() => 'ok');
  const send = (length: number) => fetch(url, { headers: { 'x-long': 'x'.repeat(length) } });
  expect((await send(9000)).status).toBe(200);
  expect((await send(10_240)).status).toBe(431);
});

test('an unknown method is answered with 404, and what is not HTTP with 400', async () => {
  const { port } = await given(() => 'ok');
  expect(await raw(port, 'PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1.1 404 /,
  );
  expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
});

/** Sends the beginning of a request, then a byte now and then, until the connection is closed. */
function trickle(port: number, beginning: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.write(beginning);
    const drip = setInterval(() => socket.write('x'), 50);
    // A connection that the other side has closed may also be reset, by the next byte.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve(answer);
    });
  });
}

test.each([
  ['the headers', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  ['the body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n'],
  [
    'the chunks of a body',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFF\r\n',
  ],
])(
  'a client that takes too long to send %s is cut off, and no function is called',
  async (_what, beginning) => {
    let calls = 0;
    const { port } = await given(
      () => {
        calls++;
        return 'ok';
      },
      { sending: 300 },
    );
    expect(await trickle(port, beginning)).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect(calls).toBe(0);
  },
);

test('a connection on which nothing is sent is closed, and a slow function is still waited for', async () => {
  const { port, url } = await given(
    () => new Promise((resolve) => setTimeout(() => resolve('late'), 1000)),
    { sending: 300 },
  );
  const [silent, slow] = await Promise.all([
    new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }).resume();
      socket.on('close', () => resolve(true));
    }),
    fetch(url).then((answer) => answer.text()),
  ]);
  expect([silent, slow]).toEqual([true, 'late']);
});
