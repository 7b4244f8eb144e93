import { clipFaults } from './clip.ts';

/** One fault in what a client sent: where it is, and which rule it breaks. */
export interface Fault {
  path: string;
  message: string;
}

/** The stable codes of everything that can go wrong; `src/api/http/problems.ts` gives each its HTTP status. */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'MALFORMED_JSON'
  | 'INVALID_QUERY'
  | 'UNAUTHENTICATED'
  | 'INVALID_CREDENTIALS'
  | 'INVALID_REFRESH_TOKEN'
  | 'INVALID_TOKEN'
  | 'INSUFFICIENT_CREDITS'
  | 'ALLOWANCE_EXCEEDED'
  | 'PAID_WORK_STOPPED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'DUPLICATE'
  | 'CONFLICT'
  | 'IN_USE'
  | 'INVALID_STATE'
  | 'IDEMPOTENCY_IN_PROGRESS'
  | 'PRECONDITION_FAILED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'VALIDATION_FAILED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'RATE_LIMITED'
  | 'NOT_IMPLEMENTED'
  | 'UNAVAILABLE'
  | 'UNREADABLE'
  | 'ANSWER_TOO_LARGE'
  | 'INTERNAL';

/** What is left of an allowance that does not suffice. */
export interface AllowanceLeft {
  /** `BYTES`, `RENDERS`… */
  metric: string;
  limit: number;
  used: number;
  left: number;
  /** When there will be more, in ISO 8601; null where something has to be deleted or to end first. */
  renewsAt: string | null;
}

interface Details {
  /** Every fault of the request, shown to the client. */
  errors?: Fault[];
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** Methods that a route does take, for a 405. */
  allow?: string[];
  /** The allowance that does not suffice, shown to the client. */
  allowance?: AllowanceLeft;
  /** What really happened: logged, never shown. */
  cause?: unknown;
}

/** An error that is meant to reach the client: `message` is public, `cause` is not. Knows no HTTP. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly errors: Fault[] | undefined;
  readonly retryAfter: number | undefined;
  readonly allow: string[] | undefined;
  readonly allowance: AllowanceLeft | undefined;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errors = details.errors;
    this.retryAfter = details.retryAfter;
    this.allow = details.allow;
    this.allowance = details.allowance;
  }
}

/** Joins lists of faults; of two with one path the first is told. */
export function mergeFaults(...lists: Fault[][]): Fault[] {
  const paths = new Set<string>();
  return lists.flatMap((list) => {
    const more = list.filter(({ path }) => !paths.has(path));
    for (const { path } of more) paths.add(path);
    return more;
  });
}

/** The one way to say "this is not valid": all faults at once, as far as they are shown. */
export function invalid(faults: Fault[]): AppError {
  const errors = clipFaults(faults);
  const detail = errors.map((e) => (e.path ? `${e.path}: ${e.message}` : e.message)).join('; ');
  return new AppError('VALIDATION_FAILED', detail, { errors });
}

/** The one way to say that a query is not valid: all faults at once, as far as they are shown. */
export function invalidQuery(faults: Fault[]): AppError {
  const errors = clipFaults(faults);
  const detail = errors.map((e) => (e.path ? `${e.path} ${e.message}` : e.message)).join('; ');
  return new AppError('INVALID_QUERY', detail, { errors });
}

/** What a missing document and somebody else's document both answer. */
export function notFound(): AppError {
  return new AppError('NOT_FOUND', 'There is no such resource.');
}
