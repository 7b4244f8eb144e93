import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import { type Ctx, hostClock } from '../../context.ts';
import { idText, newId } from '../../data/ids.ts';
import { AppError, invalidQuery } from '../../errors.ts';
import { log } from '../../providers/log.ts';
import { parseJson } from '../json/parse.ts';
import { readClientAddress } from './edge.ts';
import type { Request, Route } from './route.ts';

export type HttpEvent = APIGatewayProxyEventV2;
export type HttpResult = APIGatewayProxyStructuredResultV2;

/** In KiB: the body of a signed-in user, and of anybody. */
const LARGEST_BODY = 1024;
const LARGEST_OPEN_BODY = 16;
/** The most faults of a query that are told. */
const MOST_QUERY_FAULTS = 20;

/**
 * The context of an HTTP request before authentication. The caller waits as long as the function may run; a script that calls it directly may leave
 * that out.
 */
export function makeRequestCtx(
  event: HttpEvent,
  context: Partial<Pick<Context, 'getRemainingTimeInMillis'>>,
): Ctx {
  const given = event.headers?.['x-request-id'];
  return {
    actor: { kind: 'ANONYMOUS' },
    requestId: given && /^[\w.:-]{1,128}$/.test(given) ? given : idText(newId(hostClock())),
    ip: readClientAddress(event),
    userAgent: event.requestContext?.http?.userAgent?.slice(0, 512),
    clock: hostClock,
    deadline:
      performance.now() + (context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY),
    log,
  };
}

/**
 * Reads the query: none but the parameters of the route, each once; a list may be given by repeating it.
 * @throws AppError INVALID_QUERY
 */
export function readQuery(route: Route, raw: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  if (!raw) return query;
  const known = new Map((route.query ?? []).map((p) => [p.name, p]));
  const faults = [];
  for (const [name, value] of new URLSearchParams(raw)) {
    if (faults.length === MOST_QUERY_FAULTS) break;
    const parameter = known.get(name);
    const before = query.get(name);
    if (!parameter) {
      const message = `is not a parameter here; ${known.size ? `known: ${[...known.keys()].join(', ')}` : 'there is none'}`;
      faults.push({ path: name, message });
    } else if (before !== undefined && parameter.schema?.type !== 'array') {
      faults.push({ path: name, message: 'is given twice' });
    } else if (value.includes('\0')) faults.push({ path: name, message: 'holds NUL' });
    else query.set(name, before === undefined ? value : `${before},${value}`);
  }
  if (faults.length > 0) throw invalidQuery(faults);
  return query;
}

/** The parsed body; `{}` when the route takes none. @throws AppError 400, 413, 415, 422 */
export function readBody(route: Route, event: HttpEvent): unknown {
  const text = event.body ?? '';
  const bytes = event.isBase64Encoded ? Buffer.byteLength(text, 'base64') : Buffer.byteLength(text);
  const isOpen = route.access === 'anyone' && !route.takesBytes;
  const largest = isOpen ? LARGEST_OPEN_BODY : LARGEST_BODY;
  if (bytes > 1024 * largest) {
    throw new AppError('PAYLOAD_TOO_LARGE', `A body may have at most ${largest} KiB here.`);
  }
  if (!route.body || (route.isBodyOptional && bytes === 0)) return {};
  const type = event.headers['content-type'] ?? '';
  if (!/^application\/(json|merge-patch\+json)\s*(;|$)/i.test(type)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send JSON, as Content-Type: application/json.');
  }
  const plain = event.isBase64Encoded ? Buffer.from(text, 'base64').toString('utf8') : text;
  return parseJson(plain, route.mostKeys);
}

/** The body as it was sent, and the headers, which only a route that takes bytes gets. */
export function readSigned(
  { takesBytes }: Route,
  { body = '', isBase64Encoded, headers }: HttpEvent,
): Pick<Request, 'bytes' | 'headers'> {
  if (!takesBytes) return { bytes: Buffer.alloc(0), headers: {} };
  return { bytes: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'), headers };
}
