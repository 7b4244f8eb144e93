import { isIP } from 'node:net';
import {
  isLoopbackAddress,
  isPrivateAddress,
  isPublicAddress,
} from '../../../providers/public-address.ts';

/**
 * Where a pod may be: `toPrivate` where an administrator said that it is in a private network, `toLoopback`
 * where this very machine counts as one, which is at home.
 */
export interface PodReach {
  toPrivate: boolean;
  toLoopback: boolean;
}

/**
 * What is wrong with the address of a pod, as far as its text tells; undefined when nothing is. What its name
 * resolves to is checked with each connection.
 */
export function findAddressFault(text: string, reach: PodReach): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be a URL of http or https';
  if (url.username || url.password) return 'must not hold a user name or password';
  if (url.hash || url.search) return 'must have neither a query nor a fragment';
  const host = readHost(url);
  const isOnlyHere = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(host);
  const isAllowed = isIP(host) === 0 ? reach.toPrivate || !isOnlyHere : isReachable(host, reach);
  return isAllowed ? undefined : 'must be on the public internet, unless isPrivate says otherwise';
}

/** Whether a connection to this IP address is allowed. */
export function isReachable(address: string, { toPrivate, toLoopback }: PodReach): boolean {
  if (isPublicAddress(address)) return true;
  return toPrivate && (isPrivateAddress(address) || (toLoopback && isLoopbackAddress(address)));
}

/** The host of a URL as a connection needs it: IPv6 without its brackets. */
function readHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
