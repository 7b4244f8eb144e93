import { isIP } from 'node:net';
import { isLoopbackAddress, isPublicAddress } from '../../providers/public-address.ts';

/** What endpoints may be: `toLoopback` allows `http` and this machine, for development alone. */
export interface Reach {
  toLoopback: boolean;
}

/**
 * What is wrong with the URL of an endpoint, as far as its text tells; undefined when nothing is. What its
 * name resolves to is checked with each connection, in `post.ts`.
 */
export function findUrlFault(text: string, { toLoopback }: Reach): string | undefined {
  const url = URL.parse(text);
  if (!url) return 'must be a URL';
  if (url.protocol !== 'https:' && !(toLoopback && url.protocol === 'http:')) {
    return 'must begin with https://';
  }
  if (url.username || url.password) return 'must not hold a user name or password';
  if (url.hash) return 'must not have a fragment';
  const host = readHost(url);
  if (isIP(host) !== 0) {
    return isReachable(host, { toLoopback }) ? undefined : 'must be on the public internet';
  }
  const isLocal = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(host);
  if (isLocal && !(toLoopback && host === 'localhost')) return 'must be on the public internet';
  if (!host.replace(/\.$/, '').includes('.') && host !== 'localhost') {
    return 'must be on the public internet';
  }
  return undefined;
}

/** Whether a connection to this IP address is allowed. */
export function isReachable(address: string, { toLoopback }: Reach): boolean {
  return isPublicAddress(address) || (toLoopback && isLoopbackAddress(address));
}

/** The host of a URL as an address is written: IPv6 without its brackets. */
function readHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
