import { config } from '../../config.ts';

const EXPOSED =
  'ETag, Location, Retry-After, X-Request-Id, Idempotent-Replayed, WWW-Authenticate, Allow';

/**
 * The CORS headers of an answer: for the configured origins alone, each named, never a wildcard.
 */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  if (!origin || !isAllowed(origin)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED,
  };
}

/** `http://localhost:*` allows any port, which development servers choose at random. */
function isAllowed(origin: string): boolean {
  if (origin.includes('*')) return false;
  const anyPort = origin.replace(/:\d{1,5}$/, ':*');
  return config.corsOrigins.some((allowed) => allowed === origin || allowed === anyPort);
}

/** The headers of the answer to a CORS preflight request. */
export function preflightHeaders(
  origin: string | undefined,
  allow: string[],
): Record<string, string> {
  const headers = corsHeaders(origin);
  if (!headers['access-control-allow-origin']) return headers;
  return {
    ...headers,
    'access-control-allow-methods': allow.join(', '),
    'access-control-allow-headers':
      'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id',
    'access-control-max-age': '7200',
  };
}
