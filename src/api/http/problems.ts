import { clipFaults, clipText } from '../../clip.ts';
import type { Ctx } from '../../context.ts';
import { isOutage } from '../../data/failures.ts';
import { AppError, type ErrorCode } from '../../errors.ts';
import { isUnavailable } from '../../providers/outage.ts';

/** The HTTP status of each error code. Only this file knows both. */
export const STATUS: Record<ErrorCode, number> = {
  BAD_REQUEST: 400,
  MALFORMED_JSON: 400,
  INVALID_QUERY: 400,
  UNAUTHENTICATED: 401,
  INVALID_CREDENTIALS: 401,
  INVALID_REFRESH_TOKEN: 401,
  INSUFFICIENT_CREDITS: 402,
  ALLOWANCE_EXCEEDED: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  DUPLICATE: 409,
  CONFLICT: 409,
  IN_USE: 409,
  INVALID_STATE: 409,
  IDEMPOTENCY_IN_PROGRESS: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_FAILED: 422,
  INVALID_TOKEN: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  UNREADABLE: 500,
  ANSWER_TOO_LARGE: 500,
  INTERNAL: 500,
  NOT_IMPLEMENTED: 501,
  UNAVAILABLE: 503,
  PAID_WORK_STOPPED: 503,
};

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** A message may quote what the client sent: the answer to a small request stays small. */
const LONGEST_DETAIL = 2000;

interface Problem {
  status: number;
  code: ErrorCode;
  headers: Record<string, string>;
  body: string;
}

/**
 * Makes RFC 9457 problem details of whatever was thrown. Internal causes are logged and not shown.
 */
export function makeProblem(thrown: unknown, ctx: Pick<Ctx, 'requestId' | 'log'>): Problem {
  const error = toAppError(thrown);
  const status = STATUS[error.code];
  if (status >= 500 && error.code !== 'NOT_IMPLEMENTED') {
    const cause = thrown instanceof AppError ? (thrown.cause ?? thrown) : thrown;
    ctx.log.error(error.message, { requestId: ctx.requestId, error: cause as Error });
  }
  return {
    status,
    code: error.code,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="mixdown"' }),
      ...(error.retryAfter !== undefined && { 'retry-after': String(Math.ceil(error.retryAfter)) }),
      ...(error.allow && { allow: error.allow.join(', ') }),
    },
    body: JSON.stringify({
      type: `urn:mixdown:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
      title: TITLES[status],
      status,
      detail: clipText(error.message, LONGEST_DETAIL),
      instance: ctx.requestId,
      code: error.code,
      ...(error.errors && { errors: clipFaults(error.errors) }),
      ...(error.allowance && { allowance: error.allowance }),
    }),
  };
}

function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isOutage(thrown) || isUnavailable(thrown)) {
    const message = 'A part of the service cannot be reached at the moment.';
    return new AppError('UNAVAILABLE', message, { cause: thrown, retryAfter: 2 });
  }
  return new AppError('INTERNAL', 'An internal error occurred.', { cause: thrown });
}
