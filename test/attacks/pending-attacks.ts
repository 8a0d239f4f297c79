import type { AttackGroup, PendingAttack } from './attack.ts';

/** Which attacks wait for what: whoever builds it takes them from here. */
function waitFor(pending: string, group: AttackGroup, attacks: Readonly<Record<string, string>>): PendingAttack[] {
  return Object.entries(attacks).map(([number, name]) => ({ id: `${group}-${number}`, name, pending }));
}

const sockets = waitFor('The WebSocket door comes with the feed.', 'WS', {
  '001': 'the old subprotocol',
  '003': 'a socket that says nothing',
  '005': 'a subscription before the socket is initialised',
  '007': 'a look-up of credentials that hangs',
  '009': 'a message of an unknown type',
  '011': 'an id of an operation that is in use',
  '013': 'an operation called constructor',
  '015': 'an operation called hasOwnProperty',
  '017': '1,001 subscriptions on one socket',
  '019': 'a query over a socket',
  '021': 'a deep document over a socket',
  '023': 'introspection over a socket',
  '025': 'a socket opened by a page of another site, with a cookie',
  '027': 'a socket with a cookie alone',
  '029': 'a token that ends while it is in use',
  '031': 'a tenant that becomes inactive meanwhile',
  '033': 'messages in very many small pieces',
  '035': 'a compressed bomb',
  '037': 'a flood of pings',
  '039': 'pings with much in them',
  '041': 'a peer that is gone without a word',
  '043': '10,000 sockets that are cut off',
  '045': 'a wildcard in an argument',
  '047': 'another tenant in an argument',
  '049': '__proto__ in an argument',
  '051': 'a path in an argument',
  '053': 'equal subscriptions of callers with other permissions',
  '055': 'a subprotocol that a careless pattern would try for ever',
  '057': 'a failure whose reason shows in the closing of the socket',
  '059': 'a stop with 10,000 sockets open',
  '061': 'a storm of events into one subscription',
});

const faults = waitFor('Faults between the parts, and overload, come with reliability.', 'FLT', {
  '001': 'a subgraph that is slow',
  '003': 'a subgraph that resets connections',
  '005': 'a subgraph behind a narrow line',
  '007': 'a subgraph that is down for half a minute',
  '009': 'a store of counters that is down',
  '011': 'a database that is slow',
  '013': 'a database that resets a transaction',
  '015': 'a stop under load',
  '017': 'gateways that are restarted one after the other',
  '019': 'a process that is stopped for ten seconds',
  '021': 'a heap that is nearly full',
  '023': 'a quarter of a processor',
  '025': 'clients that all try again',
  '027': 'a subgraph that has moved',
  '029': 'a resolver that throws, late too',
  '031': 'liveness while the database is down',
  '033': '10,000 sockets that come back at once',
  '035': 'a permission that is taken back',
  '037': 'a collector of logs that is down',
});

const metrics = [
  ...waitFor('Metrics come with telemetry; the log is checked already.', 'TEN', {
    '019': 'what metrics and logs say of tenants',
  }),
  ...waitFor('Metrics come with telemetry.', 'RL', { '013': '100,000 names of operations as labels' }),
];

/** What is attacked here is not built yet. */
export const pendingAttacks: readonly PendingAttack[] = [...sockets, ...faults, ...metrics];
