/** A response over HTTP. */
export type Answer = {
  status: number;
  headers: Record<string, string | number | string[]>;
  body: Buffer | string;
};

/** The result of a function cannot be converted into an HTTP response. */
class Malformed extends Error {
  override name = 'Malformed';
}

type Structured = {
  statusCode: unknown;
  headers?: Record<string, unknown> | null;
  cookies?: unknown;
  body?: unknown;
  isBase64Encoded?: unknown;
};

/**
 * Reads the result of a function in payload format 2.0, as API Gateway does. A result with a
 * `statusCode` is a response: several values of a header are joined by commas, cookies are a list
 * of their own, and `multiValueHeaders` does not exist in this format. Any other result is the JSON
 * body of a 200.
 */
export function readAnswer(result: unknown): Answer {
  if (!isStructured(result)) {
    const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const status = Number(result.statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new Malformed(`statusCode ${String(result.statusCode)} is not an HTTP status`);
  }
  const headers: Answer['headers'] = {};
  for (const name in result.headers) {
    const value = result.headers[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'object')
      throw new Malformed(`header ${name} is not a string or a number`);
    headers[name.toLowerCase()] = String(value);
  }
  if (Array.isArray(result.cookies)) headers['set-cookie'] = result.cookies.map(String);
  const body = readBody(result);
  if (body.length > 0) headers['content-type'] ??= 'text/plain;charset=UTF-8';
  return { status, headers, body };
}

function readBody({ body, isBase64Encoded }: Structured): Buffer | string {
  if (body === undefined || body === null) return '';
  if (typeof body !== 'string') throw new Malformed('body is not a string');
  return isBase64Encoded === true ? Buffer.from(body, 'base64') : body;
}

function isStructured(result: unknown): result is Structured {
  return typeof result === 'object' && result !== null && 'statusCode' in result;
}

/** Makes a response of the gateway itself, in the words of API Gateway. */
export function makeAnswer(status: number, message: string): Answer {
  const body = JSON.stringify({ message });
  return { status, headers: { 'content-type': 'application/json' }, body };
}
