import type { AttackGroup, PendingAttack } from './attack.ts';

/** Which attacks wait for what: whoever builds it takes them from here. */
function waitFor(pending: string, group: AttackGroup, attacks: Readonly<Record<string, string>>): PendingAttack[] {
  return Object.entries(attacks).map(([number, name]) => ({ id: `${group}-${number}`, name, pending }));
}

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
export const pendingAttacks: readonly PendingAttack[] = [...faults, ...metrics];
