import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import { look } from './seen.ts';

type Handler = (event: never, context: never) => Promise<unknown>;

const files: Record<string, () => Promise<{ handler: unknown }>> = {
  'audit-events': () => import('../../../functions/audit-events.ts'),
  auth: () => import('../../../functions/auth.ts'),
  jobs: () => import('../../../functions/jobs.ts'),
  projects: () => import('../../../functions/projects.ts'),
  sessions: () => import('../../../functions/sessions.ts'),
  settings: () => import('../../../functions/settings.ts'),
  tracks: () => import('../../../functions/tracks.ts'),
  users: () => import('../../../functions/users.ts'),
  'media-uploaded': () => import('../../../functions/media-uploaded.ts'),
  'run-jobs': () => import('../../../functions/run-jobs.ts'),
  reconcile: () => import('../../../functions/reconcile.ts'),
  'seal-audit': () => import('../../../functions/seal-audit.ts'),
};

const context = {
  awsRequestId: 'direct',
  getRemainingTimeInMillis: () => 600_000,
} as Context;

/** Calls a function's handler as Lambda does. */
export async function invoke(name: string, event: unknown): Promise<unknown> {
  const load = files[name];
  if (!load) throw new Error(`There is no function ${name}.`);
  const { handler } = await load();
  return (handler as Handler)(event as never, { ...context } as never);
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
  const name = path.split('/')[2] ?? '';
  const answer = (await invoke(name, event)) as APIGatewayProxyStructuredResultV2;
  look({
    method,
    path,
    status: answer.statusCode ?? 0,
    headers: new Headers(answer.headers as Record<string, string>),
    text: answer.body ?? '',
  });
  return answer;
}
