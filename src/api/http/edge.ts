import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { config } from '../../config.ts';
import { hashToBytes } from '../../crypto/hash.ts';
import { AppError } from '../../errors.ts';

// deploy/edge.yml puts CloudFront and a firewall in front of the API, which alone know this secret. To
// API Gateway all clients then have the addresses of CloudFront, which tells theirs in a header.

type Event = Pick<APIGatewayProxyEventV2, 'headers' | 'requestContext'>;

/** The IP address of the client: what CloudFront tells, where it stands in front, or what API Gateway saw. */
export function readClientAddress(event: Event): string | undefined {
  const told = event.headers?.['x-viewer-address'] ?? '';
  if (config.edgeSecret && isFromEdge(event, config.edgeSecret) && isIP(told)) return told;
  return event.requestContext?.http?.sourceIp;
}

/** Refuses what has gone round the firewall, where there is one. @throws AppError FORBIDDEN */
export function refuseDetour(event: Event): void {
  if (config.edgeSecret && !isFromEdge(event, config.edgeSecret))
    throw new AppError('FORBIDDEN', 'Call this API at its own domain.');
}

/** Hashes have one length, and tell nothing by the time that comparing them takes. */
function isFromEdge({ headers }: Event, secret: string): boolean {
  return timingSafeEqual(hashToBytes(headers?.['x-edge-secret'] ?? ''), hashToBytes(secret));
}
