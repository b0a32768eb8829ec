// Which addresses belong to the public internet. Everything else (this machine, its networks, link-local services such as cloud metadata) is
// reached only when the operator's settings say so. https://www.iana.org/assignments/iana-ipv4-special-registry
import { BlockList, isIP } from 'node:net';

const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Only 2000::/3 is routed; of it not what carries IPv4 addresses (6to4, Teredo) nor documentation. */
const special6: readonly (readonly [string, number])[] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
];

const specialAddresses = new BlockList();
for (const [network, prefix] of special4) specialAddresses.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of special6) specialAddresses.addSubnet(network, prefix, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !specialAddresses.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
