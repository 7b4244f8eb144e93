import { afterAll, expect } from 'vitest';
import { api } from '../../harness/place.ts';

/** An answer of the API, whoever in this file asked for it. */
export interface Seen {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

// What only somebody who has read the code, the disk or the database could have written.
const INTERNALS: readonly RegExp[] = [
  /\bat \S+ \(|\n\s+at /, // a stack
  /node_modules|\/work\/|\/tmp\/|\/home\/|\/var\/task|\.m?[jt]s:\d+/,
  /mongo|bson|replica set|duplicate key|Document failed validation/i,
  /E11000/, // in capitals only: an identifier may well hold its digits
  /Path `|Cast to |ValidationError|CastError|TypeError|ReferenceError|SyntaxError|RangeError/,
  /ECONNREFUSED|ENOENT|argon2|undefined is not|is not a function|Cannot read prop/,
  /AccessDenied|NoSuchKey|AKIA[0-9A-F]{8}/,
];
// Said back to a client that sent them.
const ECHOED = /_bsontype|toBSON|isMongoose\w+/g;
const SECRETS = /\$argon2|"(hashedPassword|refreshTokenHash|derivativesPath|outbox|lease)":/;
const LARGEST_PROBLEM = 64 * 1024;

const faults: string[] = [];
const counts = new Map<number, number>();
let problems = 0;

/** How many answers this file has seen, by status. */
export function tally(): { answers: Record<number, number>; problems: number } {
  return { answers: Object.fromEntries([...counts].sort()), problems };
}

const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  const url = String(input instanceof Request ? input.url : input);
  if (url.startsWith(api)) {
    const text = await response.clone().text();
    const { status, headers } = response;
    look({ method: init?.method ?? 'GET', path: url.slice(api.length), status, headers, text });
  }
  return response;
};

/** Holds one answer to what every answer must be. */
export function look(it: Seen): void {
  counts.set(it.status, (counts.get(it.status) ?? 0) + 1);
  const bad = (why: string) => {
    faults.push(`${it.method} ${it.path.slice(0, 200)} → ${it.status}: ${why}`);
  };
  // Whatever was sent, nothing has reached the prototype that all share.
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {})
    bad('Object.prototype is polluted');
  if (it.status >= 500 && it.status !== 501) bad(`a server error: ${it.text.slice(0, 300)}`);
  if (SECRETS.test(it.text)) bad('a secret field');
  if (it.headers.get('x-content-type-options') !== 'nosniff') bad('no nosniff');
  if (!it.headers.get('strict-transport-security')) bad('no HSTS');
  if (!it.headers.get('x-request-id')) bad('no X-Request-Id');
  if (
    it.method !== 'OPTIONS' &&
    it.path.startsWith('/v1/') &&
    !it.path.startsWith('/v1/openapi.json')
  ) {
    if (it.headers.get('cache-control') !== 'no-store') bad('not no-store');
  }
  if (it.status >= 400 && it.method !== 'HEAD') lookAtProblem(it, bad);
}

/** What in a problem's text tells of the inside, each with some of what stands around it. */
export function internalsIn(text: string): string[] {
  const own = text.replaceAll(ECHOED, '');
  return INTERNALS.flatMap((internal) => {
    const found = internal.exec(own);
    return found ? [own.slice(Math.max(0, found.index - 60), found.index + 120)] : [];
  });
}

function lookAtProblem({ status, headers, text }: Seen, bad: (why: string) => void): void {
  problems++;
  if (headers.get('content-type') !== 'application/problem+json') bad('no problem+json');
  if (text.length > LARGEST_PROBLEM) bad(`${text.length} characters of problem`);
  for (const found of internalsIn(text)) bad(`internals: …${found}…`);
  const body = JSON.parse(text || '{}') as Record<string, unknown>;
  for (const name of ['type', 'title', 'detail', 'instance', 'code']) {
    if (typeof body[name] !== 'string') bad(`a problem without ${name}`);
  }
  if (body.status !== status) bad(`status ${String(body.status)} in the problem`);
  if (status === 429 && !/^[1-9]\d*$/.test(headers.get('retry-after') ?? '')) bad('no Retry-After');
  if (status === 401 && !headers.get('www-authenticate')) bad('no WWW-Authenticate');
}

afterAll(() => {
  const { answers, problems: n } = tally();
  if (process.env.TEST_TALLY) console.log(`answers ${JSON.stringify(answers)}, problems ${n}`);
  expect(faults.slice(0, 10), `of ${faults.length} faults in all answers seen`).toEqual([]);
});
