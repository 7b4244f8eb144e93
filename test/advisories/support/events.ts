import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import { served } from '../../../scripts/served.ts';
import { createRouter } from '../../../src/api/http/route.ts';
import { look } from './seen.ts';

type Handler = (event: never, context: never) => Promise<unknown>;

const context = {
  awsRequestId: 'direct',
  getRemainingTimeInMillis: () => 600_000,
} as Context;

/** Calls a function's handler as Lambda does. */
export async function invoke(name: string, event: unknown): Promise<unknown> {
  const { handler } = (await import(`../../../functions/${name}.ts`)) as { handler: Handler };
  return handler(event as never, { ...context } as never);
}

interface Given {
  headers?: Record<string, string>;
  body?: string | undefined;
  query?: string;
  /** What API Gateway says the caller's address is. */
  ip?: string;
}

/** An HTTP event with headers larger, or from addresses further, than a test's socket allows. */
export async function invokeHttp(
  method: string,
  path: string,
  { headers = {}, body, query = '', ip = '203.0.113.9' }: Given = {},
): Promise<APIGatewayProxyStructuredResultV2> {
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp: ip, userAgent: 'test' };
  const event = {
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers: { 'content-type': 'application/json', ...headers },
    requestContext: { http },
    isBase64Encoded: false,
    ...(body !== undefined && { body }),
  } as unknown as APIGatewayProxyEventV2;
  const answer = (await invoke(
    functionOf(method, path),
    event,
  )) as APIGatewayProxyStructuredResultV2;
  look({
    method,
    path,
    status: answer.statusCode ?? 0,
    headers: new Headers(answer.headers as Record<string, string>),
    text: answer.body ?? '',
  });
  return answer;
}

/** The file of the function that answers a path. */
function functionOf(method: string, path: string): string {
  const found = Object.entries(served).find(([, { routes }]) => createRouter(routes)(method, path));
  if (!found) throw new Error(`No function answers ${path}.`);
  return found[0].replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
