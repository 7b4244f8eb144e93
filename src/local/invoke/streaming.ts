import { ServerResponse } from 'node:http';

/**
 * What Lambda's Node runtime adds for functions that stream their response: it is there before a handler
 * is imported. https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
 */
export function provideStreaming(): void {
  // Packages that look for it may have made an empty one.
  const host = globalThis as { awslambda?: object };
  host.awslambda = {
    ...host.awslambda,
    streamifyResponse: (handler: object) => handler,
    HttpResponseStream: { from: beginResponse },
  };
}

interface Metadata {
  statusCode: number;
  headers?: Record<string, string>;
}

function beginResponse(response: unknown, { statusCode, headers = {} }: Metadata): ServerResponse {
  if (!(response instanceof ServerResponse))
    throw new Error('That is not what the call was given.');
  response.writeHead(statusCode, headers);
  response.flushHeaders();
  return response;
}
