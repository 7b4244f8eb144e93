import { type ServerResponse, STATUS_CODES } from 'node:http';
import { type Answer, ownAnswer } from './answer.ts';

/** The answer to what fastify refuses, such as its size, before there is an event. */
export function refuse(error: unknown): Answer {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return ownAnswer(413, 'Request Entity Too Large');
  return ownAnswer(status, STATUS_CODES[status] ?? 'Bad Request');
}

/** Sends an answer. @throws where Node finds a header that no client could read; nothing is sent then. */
export function write(
  response: ServerResponse,
  { status, headers, body }: Answer,
  id: string,
): void {
  headers['apigw-requestid'] = id;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  // Without it Node would send chunks. An answer to HEAD may tell the length that its GET has.
  if (length > 0) headers['content-length'] = length;
  else if (status !== 204 && status !== 304) headers['content-length'] ??= 0;
  response.writeHead(status, headers);
  response.end(body);
}
