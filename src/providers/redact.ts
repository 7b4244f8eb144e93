import { isIPv6 } from 'node:net';

// What is personal or secret appears in no log line. Our own code logs ids, codes and counts; what might bring
// something else along is made harmless here: errors, whose properties and messages quote values, and
// documents.

const HIDDEN = '(hidden)';
/** Members that are shown of nobody, wherever they are. */
const HIDDEN_KEYS = new Set([
  ...['email', 'login', 'username', 'displayName', 'bio', 'ip', 'userAgent', 'sourceIp', 'to'],
  ...['password', 'hashedPassword', 'token', 'accessToken', 'refreshToken', 'deviceToken'],
  ...['secret', 'apiKey', 'authorization', 'cookie', 'prompt', 'messages', 'parameters', 'graph'],
  ...['input', 'output', 'lyrics', 'body', 'headers', 'errInfo', 'keyValue', 'writeErrors'],
]);
/** What is shown of an error beside its message; anything else of it may hold a value. */
const SHOWN_OF_ERRORS = ['code', 'codeName', 'retryAfter', 'status', 'syscall', 'kind', 'path'];

/** A replacer of `JSON.stringify`: what a log line shows of a value. */
export function redact(key: string, value: unknown): unknown {
  if (HIDDEN_KEYS.has(key) && value !== undefined) return HIDDEN;
  if (typeof value === 'string') return redactText(value);
  if (value instanceof Error) return describeError(value);
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (isDocument(value)) return { _id: String(value._id) };
  return value;
}

/** So many characters of a text are shown. */
const LONGEST = 8000;

/** A text without what looks like an address, a network address, a secret, or a quoted value. */
export function redactText(text: string): string {
  let redacted = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  for (const [pattern, replacement] of PATTERNS) {
    redacted =
      typeof replacement === 'string'
        ? redacted.replace(pattern, replacement)
        : redacted.replace(pattern, replacement);
  }
  return redacted.replace(IPV6, (found) => (isIPv6(found) && !isOwn(found) ? '(ip)' : found));
}

// None of these tries a long text from each of its places again: texts of strangers come here.
const PATTERNS: [RegExp, string | ((found: string) => string)][] = [
  // MongoDB's own: the values of a unique index that are taken.
  [/dup key: .*/gs, 'dup key: (hidden)'],
  // The command that was not allowed, or in vain, as a whole.
  [/(command(?: was)?:? )\{.*/gs, '$1(hidden)'],
  // Mongoose and JSON.parse quote what they could not read.
  [/(for value ).*?( \(type)/gs, '$1(hidden)$2'],
  [/(Path `[^`]{0,200}` \()`.*?`\)/gs, '$1hidden)'],
  [/^(Unexpected .{0,40}?)("|\.\.\.).*( is not valid JSON)/gs, '$1(hidden)$3'],
  // Quoted texts, but for names of fields and the like.
  [/"[^"]*"|`[^`]*`|“[^”]*”/g, (found) => (/^.[\w.$:/-]{1,64}.$/.test(found) ? found : '"…"')],
  [/:\/\/[^\s/@]{1,200}@/g, '://(hidden)@'],
  [/[^\s@"'<>()[\]{},;:=/]{1,64}@[^\s@"'<>()[\]{},;:=/]{1,255}/g, '(address)'],
  [/\bBearer\s+[^\s"']+/gi, 'Bearer (hidden)'],
  [/\?[^\s"'?]*(?:X-Amz-|token=)[^\s"']*/gi, '?(hidden)'],
  [/\b(?:rpa|sk|pk|rk|whsec|hf|ghp|github_pat|xox[a-z])[_-][\w-]{6,}/g, '(secret)'],
  [/(?<![\w-])[\w-]{20,}(?:\.[\w-]{20,}){1,2}/g, '(token)'],
  [/(?<![\w+-])[\w+-]{40,}={0,2}/g, (found) => (/\d/.test(found) ? '(secret)' : found)],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (found) => (isOwn(found) ? found : '(ip)')],
];

const IPV6 = /[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}/gi;

/** Addresses of a private network are those of our own parts: an outage is found by them. */
function isOwn(address: string): boolean {
  return /^(?:127|10|0)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^::1?$/.test(address);
}

function describeError(error: Error): object {
  const { name, message, stack, cause } = error;
  const properties = error as unknown as Record<string, unknown>;
  const shown = SHOWN_OF_ERRORS.filter((key) => isPlain(properties[key]));
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name,
    message, // a text, which comes here again
    ...Object.fromEntries(shown.map((key) => [key, properties[key]])),
    stack: frames.join('\n'),
    ...(cause instanceof Error && { cause }),
    ...(error instanceof AggregateError && { errors: error.errors }),
  };
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isDocument(value: unknown): value is { _id: unknown } {
  return (
    typeof value === 'object' && value !== null && '_id' in value && Object.keys(value).length > 1
  );
}
