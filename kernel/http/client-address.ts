import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/**
 * The address that a request comes from, for counting. Behind so many proxies of one's own, each of which appends to
 * `x-forwarded-for` the address that it was asked from, it is what the first of them saw; anyone can write what stands
 * before that. Of IPv6 it is the network of 64 bits, which is what one client has.
 */
export function clientAddress({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const direct = socket.remoteAddress ?? '';
  if (trustedProxies === 0) return networkOf(direct);
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().flatMap((line) => line.split(','));
  return networkOf(forwarded.at(-trustedProxies)?.trim() ?? direct);
}

function networkOf(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length);
  if (!isIPv6(address)) return address.slice(0, 64);
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const known = tail === undefined ? groups : [...groups, '0', '0', '0', '0'];
  return `${known.slice(0, 4).join(':')}::/64`;
}
