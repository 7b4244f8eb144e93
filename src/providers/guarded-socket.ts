import { isIP } from 'node:net';
import type { WebSocket } from 'ws';
import { ForbiddenAddress, guardLookup } from './guarded-request.ts';

/** The largest message that is taken, in bytes. */
const MOST_BYTES = 8 * 1024 * 1024;
/** How long a connection may take, in ms. */
const PATIENCE = 5_000;

/**
 * Opens a websocket to an address that somebody gave. As with requests, the addresses that its name resolves to are
 * checked, and one of these very addresses is connected to; redirects are not followed.
 */
export async function openSocketGuarded(
  url: URL,
  isAllowed: (address: string) => boolean,
): Promise<WebSocket> {
  const { WebSocket } = await import('ws');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isAllowed(host)) throw new ForbiddenAddress();
  const socket = new WebSocket(url, {
    lookup: guardLookup(isAllowed),
    maxPayload: MOST_BYTES,
    handshakeTimeout: PATIENCE,
    perMessageDeflate: false,
  });
  return new Promise((succeed, fail) => {
    socket.once('open', () => succeed(socket));
    socket.once('error', fail);
  });
}
