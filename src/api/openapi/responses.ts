import type { ErrorCode } from '../../errors.ts';
import { STATUS } from '../http/problems.ts';
import type { Components, JsonSchema, Route } from '../http/route.ts';
import { shareComponent } from './schemas.ts';

const allowanceSchema = {
  type: 'object',
  description: 'With ALLOWANCE_EXCEEDED: what is left, and when there will be more.',
  required: ['metric', 'limit', 'used', 'left', 'renewsAt'],
  additionalProperties: false,
  properties: {
    metric: { type: 'string' },
    limit: { type: 'number' },
    used: { type: 'number' },
    left: { type: 'number' },
    renewsAt: { type: ['string', 'null'], format: 'date-time' },
  },
};

/** RFC 9457 problem details, the body of every error. */
export const problemSchema = describeProblemBody({ type: 'integer' }, Object.keys(STATUS));

function describeProblemBody(status: JsonSchema, codes: string[]): JsonSchema {
  return {
    type: 'object',
    description: 'RFC 9457 problem details.',
    required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
    additionalProperties: false,
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status,
      detail: { type: 'string' },
      instance: { type: 'string', description: 'The request id.' },
      code: { type: 'string', enum: codes },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['path', 'message'],
          additionalProperties: false,
          properties: { path: { type: 'string' }, message: { type: 'string' } },
        },
      },
      ...(codes.includes('ALLOWANCE_EXCEEDED') && { allowance: allowanceSchema }),
    },
  };
}

/** `INVALID_STATE`, `CONFLICT` → `ConflictOrInvalidStateProblem`. */
function nameProblem(codes: ErrorCode[]): string {
  const words = codes.map((code) =>
    code.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  return `${words.join('Or')}Problem`;
}

const text = { type: 'string' };
const etag = { type: 'string', pattern: '^"[\\w.-]+"$' };
const seconds = { type: 'integer', minimum: 0 };

/** The headers of answers, by name; `…IfAny` for those that not every answer has. */
export const namedHeaders: Record<string, JsonSchema> = {
  RequestId: {
    description: 'The request id that was sent, or a new one.',
    required: true,
    schema: text,
  },
  ETag: { description: 'For If-None-Match and If-Match.', required: true, schema: etag },
  Location: { description: 'The path of what was created.', required: true, schema: text },
  WwwAuthenticate: { description: 'How to sign in.', required: true, schema: text },
  RetryAfter: { description: 'Seconds to wait.', required: true, schema: seconds },
  RetryAfterIfAny: { description: 'Seconds to wait, where waiting helps.', schema: seconds },
  IdempotentReplayed: {
    description: 'Present when this is the stored answer of an Idempotency-Key.',
    schema: { const: 'true' },
  },
};

/** Describes the headers of a successful answer. */
export function describeHeaders(
  { method, path, conditional }: Route,
  status: number,
  isDocument: boolean,
): JsonSchema {
  const isMade = status === 201 && isDocument;
  const hasTag = isDocument || (status === 304 && conditional);
  return {
    'X-Request-Id': referToHeader('RequestId'),
    ...(hasTag && { ETag: referToHeader('ETag') }),
    ...(isMade && !path.includes('{') && { Location: referToHeader('Location') }),
    ...(method === 'POST' && { 'Idempotent-Replayed': referToHeader('IdempotentReplayed') }),
  };
}

/** Describes the error response of a status, for these error codes. */
export function describeProblem(
  components: Components,
  status: number,
  codes: ErrorCode[],
): JsonSchema {
  const waits: Record<number, string> = {
    402: 'RetryAfterIfAny',
    409: 'RetryAfterIfAny',
    429: 'RetryAfter',
    503: 'RetryAfterIfAny',
  };
  const wait = waits[status];
  return {
    description: codes.join(', '),
    headers: {
      'X-Request-Id': referToHeader('RequestId'),
      ...(status === 401 && { 'WWW-Authenticate': referToHeader('WwwAuthenticate') }),
      ...(wait && { 'Retry-After': referToHeader(wait) }),
    },
    content: {
      'application/problem+json': {
        schema: shareComponent(components, nameProblem(codes), () =>
          describeProblemBody({ type: 'integer', const: status }, codes),
        ),
      },
    },
  };
}

function referToHeader(header: string): JsonSchema {
  return { $ref: `#/components/headers/${header}` };
}
