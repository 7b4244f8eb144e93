import { type ServerResponse, STATUS_CODES } from 'node:http';
import { type Answer, makeAnswer } from './answer.ts';

/** Makes the response to a request that fastify rejected, for example because of its size. */
export function refuse(error: unknown): Answer {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return makeAnswer(413, 'Request Entity Too Large');
  return makeAnswer(status, STATUS_CODES[status] ?? 'Bad Request');
}

/** Sends a response. @throws when a header is invalid; nothing has been sent then */
export function write(
  response: ServerResponse,
  { status, headers, body }: Answer,
  id: string,
): void {
  headers['apigw-requestid'] = id;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  // Without it Node would use chunked encoding. The response to HEAD may name the length that GET
  // would have.
  if (length > 0) headers['content-length'] = length;
  else if (status !== 204 && status !== 304) headers['content-length'] ??= 0;
  response.writeHead(status, headers);
  response.end(body);
}
