import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect, test } from 'vitest';

const SECRET = 'what CloudFront sends with each request';
process.env.EDGE_SECRET = SECRET;
await import('../harness/place.ts');
const { serve } = await import('../../src/api/http/serve.ts');

const handler = serve({
  ...{ method: 'GET', path: '/x', id: 'x', summary: 'x', tag: 'x', access: 'anyone' },
  success: {},
  handle: async ({ ip }) => ({ status: 200, body: String(ip) }),
} as Parameters<typeof serve>[0]);

async function send(
  headers: Record<string, string>,
): Promise<{ statusCode: number; body: string }> {
  const event = {
    ...{ rawPath: '/x', rawQueryString: '', headers },
    requestContext: { http: { method: 'GET', sourceIp: '192.0.2.9' } },
  } as unknown as APIGatewayProxyEventV2;
  return (await handler(event, {} as never)) as { statusCode: number; body: string };
}

test.each(['198.51.100.7', '2001:db8::7'])(
  'behind CloudFront the address of a client is the one that CloudFront tells: %s',
  async (address) => {
    const headers = { 'x-edge-secret': SECRET, 'x-viewer-address': address };
    expect(await send(headers)).toMatchObject({ statusCode: 200, body: address });
  },
);

test.each(['', '198.51.100.7, 198.51.100.8', 'x'])(
  'what is no address is not believed: "%s"',
  async (told) => {
    const headers = { 'x-edge-secret': SECRET, 'x-viewer-address': told };
    expect(await send(headers)).toMatchObject({ statusCode: 200, body: '192.0.2.9' });
  },
);

test.each([
  ['without its secret', {}],
  ['with another', { 'x-edge-secret': `${SECRET}.` }],
])('a call %s, which has gone round CloudFront, is refused', async (_what, headers) => {
  const answer = await send({ ...headers, 'x-viewer-address': '198.51.100.7' });
  expect(answer.statusCode).toBe(403);
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'FORBIDDEN' });
});
