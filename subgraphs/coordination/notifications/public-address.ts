import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Networks that do not lead into the public internet, or lead back into this one: RFC 6890 and its updates. */
const closed: readonly (readonly [string, number])[] = [
  ...(['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'] as const),
  ...(['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'] as const),
  ...(['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'] as const),
  ...(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const),
].map((network) => {
  const [address = '', bits] = network.split('/');
  return [address, Number(bits)] as const;
});

const closedNetworks = new BlockList();
for (const [address, bits] of closed) {
  closedNetworks.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
/** All public addresses of IPv6 are here: loopback, private, mapped and translated ones lie outside. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** Whether an address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !closedNetworks.check(address, 'ipv4');
  return version === 6 && globalUnicast.check(address, 'ipv6') && !closedNetworks.check(address, 'ipv6');
}

/** The refusal of an address that is not public. */
export class AddressRefused extends Error {
  constructor() {
    super('The host has no public address.');
  }
}

/** Names of the network they are asked in, or of nothing: RFC 6761 and 6762, and what is used alike. */
const closedNames: ReadonlySet<string> = new Set([
  ...['localhost', 'local', 'internal', 'intranet', 'lan', 'home', 'corp', 'private', 'arpa'],
  ...['test', 'example', 'invalid', 'onion', 'alt'],
]);

/** Whether a URL can lead to a public address, as far as that is seen from how it is written. */
export function mayBePublic({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) return isPublicAddress(host);
  const labels = host.split('.');
  return labels.length > 1 && !closedNames.has(labels.at(-1) ?? '');
}

/** Refuses a host that is written as an address which is not public: such a one is never looked up. */
export function assertPublicHost({ hostname }: URL): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw new AddressRefused();
}

/**
 * Looks a host up for the connection that is about to be made, and gives public addresses alone: what was looked up
 * before may be answered otherwise now.
 */
export const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const open = (addresses ?? []).filter(({ address }) => isPublicAddress(address));
    const [first] = open;
    if (error) callback(error, '');
    else if (!first) callback(new AddressRefused(), '');
    else if (options.all) callback(null, open);
    else callback(null, first.address, first.family);
  });
};
