import { BlockList, isIP } from 'node:net';

/**
 * What lies within the public ranges and is not public all the same: IANA's registries of special-purpose
 * addresses, https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry.
 */
const special = listNetworks([
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, the metadata of cloud hosts
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // relays of 6to4
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
  ['2001::', 23], // protocol assignments, Teredo, ORCHID
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4, which holds an IPv4 address
  ['3fff::', 20], // documentation
]);

// Of IPv6 only the range that is assigned to the public internet: so neither loopback, link-local and
// unique local addresses nor what holds an IPv4 address (IPv4-mapped, NAT64) need be named.
const global = listNetworks([['2000::', 3]]);

const loopback = listNetworks([
  ['127.0.0.0', 8],
  ['::1', 128],
]);

// The networks of an owner: those that link nothing but his own hosts. Not link-local ones, where cloud hosts
// have their metadata.
const own = listNetworks([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['fc00::', 7],
]);

// The metadata services of some clouds lie within what is one's own: AWS, Google, Scaleway, Alibaba.
const metadata = listNetworks([
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['fd00:42::42', 128],
  ['100.100.100.200', 32],
]);

/** Whether an IP address belongs to a private network; written as such, not as IPv4-mapped IPv6. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%') || /^::ffff:/i.test(address)) return false;
  return own.has(address) && !metadata.has(address);
}

/** Whether an IP address belongs to a host on the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  if (isIP(address) === 6 && !global.has(address)) return false;
  return !special.has(address);
}

/** Whether an IP address is this very machine's loopback, written as such: not as IPv4-mapped IPv6. */
export function isLoopbackAddress(address: string): boolean {
  if (isIP(address) === 0 || /^::ffff:/i.test(address)) return false;
  return loopback.has(address);
}

/** Networks in which an address is looked up. Their list is made at its first use: a cold start uses none. */
function listNetworks(networks: [address: string, prefix: number][]) {
  let list: BlockList | undefined;
  const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return {
    /** Whether one of them has what is an IP address. */
    has(address: string): boolean {
      if (!list) {
        list = new BlockList();
        for (const [first, prefix] of networks) list.addSubnet(first, prefix, familyOf(first));
      }
      return list.check(address, familyOf(address));
    },
  };
}
