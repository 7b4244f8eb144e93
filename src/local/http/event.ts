import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { join, put, readQuery, type Strings } from './pairs.ts';
import type { Match } from './routes.ts';
import type { Target } from './target.ts';

/** Converts an HTTP request into API Gateway's event in payload format 2.0. */
export function makeEvent(
  raw: IncomingMessage,
  target: Target,
  body: Buffer | undefined,
  { routeKey, parameters }: Match<unknown>,
  requestId: string,
): APIGatewayProxyEventV2 {
  const sourceIp = readAddress(raw);
  const headers: Strings = {};
  const cookies = readHeaders(raw.rawHeaders, headers);
  headers['x-forwarded-for'] = join(headers['x-forwarded-for'], sourceIp);
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-port'] = String(raw.socket.localPort ?? '');
  const now = Date.now();
  const host = headers.host ?? 'localhost';
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey,
    rawPath: target.path,
    rawQueryString: target.query,
    headers,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: host,
      domainPrefix: 'local',
      http: {
        method: raw.method ?? 'GET',
        path: target.path,
        protocol: `HTTP/${raw.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: formatTime(now),
      timeEpoch: now,
    },
    isBase64Encoded: false,
  };
  if (cookies) event.cookies = cookies;
  if (target.query) event.queryStringParameters = readQuery(target.query);
  if (parameters) event.pathParameters = parameters;
  if (body && body.length > 0) {
    event.isBase64Encoded = !isText(headers['content-type']);
    event.body = body.toString(event.isBase64Encoded ? 'base64' : 'utf8');
  }
  return event;
}

/**
 * Adds the headers in lower case, values of the same name joined. Cookies are returned, as the
 * event holds them separately.
 */
function readHeaders(raw: string[], into: Strings): string[] | undefined {
  let cookies: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase(); // names and values alternate
    const value = raw[i + 1] as string;
    if (name === 'cookie') {
      cookies ??= [];
      cookies.push(...value.split(/;\s*/).filter(Boolean));
    } else put(into, name, value);
  }
  return cookies;
}

const textTypes = /^(text\/|application\/(json|xml|javascript|[\w.-]+\+(json|xml))\s*(;|$))/i;
let lastType: string | undefined;
let lastIsText = true;

// Caches the last result, because clients send the same content type again and again.
function isText(type: string | undefined): boolean {
  if (type === undefined) return true;
  if (type === lastType) return lastIsText;
  lastType = type;
  lastIsText = textTypes.test(type);
  return lastIsText;
}

function readAddress({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
let lastSecond = 0;
let lastTime = '';

function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second === lastSecond) return lastTime;
  const iso = new Date(ms).toISOString();
  const month = months[Number(iso.slice(5, 7)) - 1];
  lastSecond = second;
  lastTime = `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
  return lastTime;
}
