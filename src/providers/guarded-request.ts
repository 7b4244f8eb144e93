import { lookup as resolve } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';

export interface GuardedRequest {
  url: URL;
  method?: string;
  headers?: Record<string, string | number>;
  /** A stream is sent as it comes; its length must be in the headers. */
  body?: string | Buffer | Readable;
  signal: AbortSignal;
  /** Whether a connection to this IP address is allowed. */
  isAllowed(address: string): boolean;
  /** Resolves a name to all of its addresses; that of the system unless said otherwise. */
  lookup?: (host: string) => Promise<{ address: string; family: number }[]>;
}

/** An address that may not be connected to. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
  constructor() {
    super('Connections to this address are not allowed.');
  }
}

/**
 * Sends a request to an address that somebody gave. The addresses that its name resolves to are checked, and
 * one of these very addresses is connected to, so a name that resolves to another one the next time gains
 * nothing. Redirects are not followed. The caller reads, or destroys, the answer.
 * @param onSent called when the connection is there: from then on the receiver may have got the request
 */
export function requestGuarded(
  {
    url,
    method = 'GET',
    headers = {},
    body,
    signal,
    isAllowed,
    lookup = resolveAll,
  }: GuardedRequest,
  onSent: () => void = () => {},
): Promise<IncomingMessage> {
  const options = { method, agent: false, headers, signal, lookup: guardLookup(isAllowed, lookup) };
  return new Promise((succeed, fail) => {
    const isTls = url.protocol === 'https:';
    const sending = (isTls ? requestHttps : requestHttp)(url, options, succeed);
    sending.once('socket', (socket) => socket.once(isTls ? 'secureConnect' : 'connect', onSent));
    sending.once('error', fail);
    // Without an answer and without an error, too: a 101 that nobody asked for closes the connection so.
    sending.once('close', () => fail(new Error('The connection was closed.')));
    // Node does not ask `lookup` for a host that is an address already.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isAllowed(host)) sending.destroy(new ForbiddenAddress());
    else if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
      sending.end(body);
    } else {
      body.once('error', (error) => sending.destroy(error));
      body.pipe(sending);
    }
  });
}

/** Resolves a name for a connection that is being made, and refuses it where any address is not allowed. */
export function guardLookup(
  isAllowed: GuardedRequest['isAllowed'],
  lookup: NonNullable<GuardedRequest['lookup']> = resolveAll,
): LookupFunction {
  return (host, { all }, answer) => {
    lookup(host).then(
      (addresses) => {
        const [first] = addresses;
        if (!first || !addresses.every(({ address }) => isAllowed(address))) {
          answer(new ForbiddenAddress(), '', 0);
        } else if (all) answer(null, addresses);
        else answer(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => answer(error, '', 0),
    );
  };
}

function resolveAll(host: string): Promise<{ address: string; family: number }[]> {
  return resolve(host, { all: true });
}
