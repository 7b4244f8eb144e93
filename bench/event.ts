import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** Makes the event that API Gateway sends to a function for a request. */
export function makeEvent({
  method,
  path,
  token,
  body,
}: {
  method: string;
  path: string;
  token?: string;
  body?: unknown;
}): APIGatewayProxyEventV2 {
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'bench' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    requestContext: {
      ...{ accountId: '0', apiId: '0', domainName: 'bench', domainPrefix: 'bench', http },
      ...{ requestId: '0', routeKey: '$default', stage: '$default', time: '', timeEpoch: 0 },
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}
