import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeliveredChange, Delivery } from './judge-delivery.ts';
import { reactionsIn } from './judge-reactions.ts';
import { type FaultKind, judge, type LoggedChange, type Observation } from './verdict.ts';

/** Who sends ordinary mutations; those before have a queue. */
const ordinaryWriter = 3;

/** In both tenants a record that is written often, and one that an ordinary mutation makes: each fault finds its place. */
const whatEveryRunHas = [0, 1].flatMap((tenant) => [
  ...Array.from({ length: 4 }, () => ({ tenant, writer: 0, record: 0 })),
  { tenant, writer: ordinaryWriter, record: 0 },
]);

/**
 * A run without a fault, of two tenants: who wrote which of three records, and how the log was cut into batches. The last
 * writer of each has no queue: every write makes a record.
 */
const faultless = fc
  .record({
    writes: fc.array(fc.record({ tenant: fc.nat(1), writer: fc.nat(ordinaryWriter), record: fc.nat(2) }), {
      minLength: 10,
      maxLength: 60,
    }),
    cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 80, maxLength: 80 }),
  })
  .map(({ writes, cuts }) => observe([...writes, ...whatEveryRunHas], cuts));

function observe(
  writes: readonly { tenant: number; writer: number; record: number }[],
  cuts: readonly number[],
): Observation {
  const counts = new Map<string, number>();
  const count = (key: string) => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) ?? 0;
  };
  const written = writes.map(({ tenant, writer, record }, index): LoggedChange => {
    const tenantId = `tenant-${tenant}`;
    if (writer === ordinaryWriter) {
      const made = { type: 'LEAD_CREATED', entity: 'Lead', entityId: `made-${index}`, version: 1, op: 'PUT' } as const;
      return {
        tenantId,
        seq: 10 + 4 * index,
        ...made,
        clientId: undefined,
        mutationId: undefined,
        causedBy: undefined,
      };
    }
    const [clientId, entityId] = [`writer-${tenant}-${writer}`, `lead-${tenant}-${record}`];
    const version = count(entityId);
    const type = version === 1 ? 'LEAD_CREATED' : 'LEAD_UPDATED';
    return {
      ...{ tenantId, seq: 10 + 4 * index, type, entity: 'Lead', entityId, version, op: 'PUT' },
      ...{ clientId, mutationId: count(clientId), causedBy: undefined },
    };
  });
  const logged = written.flatMap((change) =>
    change.type === 'LEAD_CREATED' ? [change, reactionTo(change)] : [change],
  );
  const last = new Map(logged.map((change) => [change.entityId, change]));
  const [queued, ordinary] = [true, false].map((isQueued) =>
    written.filter(({ clientId }) => (clientId !== undefined) === isQueued),
  );
  return {
    logged,
    acknowledged: (queued ?? []).map(({ tenantId, clientId = '', mutationId = 0, entity, entityId }) => ({
      ...{ tenantId, clientId, mutationId, entity, entityId },
    })),
    created: (ordinary ?? []).map(({ tenantId, entity, entityId }) => ({ tenantId, entity, entityId })),
    stored: [...last.values()],
    deliveries: ['tenant-0', 'tenant-1'].map((tenantId) => deliver(tenantId, logged, cuts)),
  };
}

/** What is told of a new lead. */
const reactionTo = ({ tenantId, seq, entityId }: LoggedChange): LoggedChange => ({
  ...{ tenantId, seq: seq + 2, type: 'NOTIFICATION_CREATED', entity: 'Notification', entityId: `of-${entityId}` },
  ...{ version: 1, op: 'PUT', clientId: undefined, mutationId: undefined, causedBy: seq },
});

/** The same run with another log, which is stored and delivered as it is. */
function relog({ stored, deliveries, ...rest }: Observation, logged: readonly LoggedChange[]): Observation {
  const keys = new Set(logged.map(({ tenantId, entityId }) => `${tenantId} ${entityId}`));
  const known = new Set(stored.map(({ tenantId, entityId }) => `${tenantId} ${entityId}`));
  const added = logged.filter(({ tenantId, entityId }) => !known.has(`${tenantId} ${entityId}`));
  return {
    ...rest,
    logged,
    stored: [...stored.filter(({ tenantId, entityId }) => keys.has(`${tenantId} ${entityId}`)), ...added],
    deliveries: deliveries.map((one) => deliver(one.tenantId, logged, [])),
  };
}

/** The changes of a tenant in batches, with cursors that tell their place. */
function deliver(tenantId: string, logged: readonly LoggedChange[], cuts: readonly number[]): Delivery {
  const own = logged.filter((change) => change.tenantId === tenantId);
  const batches = [{ from: 'cursor-0', to: 'cursor-0', changes: [] as LoggedChange[] }];
  for (let from = 0, cut = 0; from < own.length; cut += 1) {
    const to = Math.min(own.length, from + (cuts[cut] ?? 1));
    batches.push({ from: `cursor-${from}`, to: `cursor-${to}`, changes: own.slice(from, to) });
    from = to;
  }
  return { subscriber: `reader of ${tenantId}`, tenantId, after: 0, batches };
}

/** The same run, with what came to the subscriber of the tenant with more changes made anew. */
function redeliver(
  { deliveries, ...rest }: Observation,
  change: (batches: Delivery['batches']) => Delivery['batches'],
): Observation {
  const [busiest] = deliveries.toSorted((a, b) => b.batches.length - a.batches.length);
  return {
    ...rest,
    deliveries: deliveries.map((one) => (one === busiest ? { ...one, batches: change(one.batches) } : one)),
  };
}

/** All in one batch, changed. */
const inOneBatch =
  (change: (changes: readonly DeliveredChange[]) => readonly DeliveredChange[]) =>
  (observation: Observation): Observation =>
    redeliver(observation, (batches) => [
      {
        from: 'cursor-0',
        to: 'cursor-end',
        changes: change(batches.flatMap(({ changes }) => changes)),
      },
    ]);

interface PlantedFault {
  readonly title: string;
  readonly plant: (observation: Observation) => Observation;
  readonly kinds: readonly FaultKind[];
}

const plantedFaults: readonly PlantedFault[] = [
  {
    title: 'a change that does not arrive',
    plant: inOneBatch(([first, _second, ...rest]) => (first ? [first, ...rest] : [])),
    kinds: ['LOST'],
  },
  {
    title: 'the last changes that do not arrive',
    plant: inOneBatch((changes) => changes.slice(0, -2)),
    kinds: ['LOST'],
  },
  {
    title: 'a change that arrives twice',
    plant: inOneBatch((changes) => [...changes, ...changes.slice(0, 1)]),
    kinds: ['DUPLICATED'],
  },
  {
    title: 'two changes in the wrong order',
    plant: inOneBatch(([first, second, ...rest]) => (first && second ? [second, first, ...rest] : [])),
    kinds: ['REORDERED'],
  },
  {
    title: 'a change that nobody made',
    plant: inOneBatch((changes) => changes.map((one, index) => (index === 1 ? { ...one, entityId: 'other' } : one))),
    kinds: ['INVENTED', 'LOST'],
  },
  {
    title: 'a batch that does not begin where the one before ended',
    plant: (observation) =>
      redeliver(observation, (batches) => batches.map((one, index) => (index === 1 ? { ...one, from: 'x' } : one))),
    kinds: ['CHAIN_BROKEN'],
  },
  {
    title: 'a mutation that was acknowledged and not logged',
    plant: ({ acknowledged: [first, ...rest], ...others }) => ({
      ...others,
      acknowledged: first ? [{ ...first, mutationId: 1_000 }, first, ...rest] : [],
    }),
    kinds: ['NOT_APPLIED'],
  },
  {
    title: 'a mutation that was logged and never acknowledged',
    plant: ({ acknowledged, ...others }) => ({ ...others, acknowledged: acknowledged.slice(1) }),
    kinds: ['NOT_ACKNOWLEDGED'],
  },
  {
    title: 'a mutation that ran twice',
    plant: (observation) => {
      const { logged, deliveries, ...others } = observation;
      const last = logged.findLast(({ clientId }) => clientId !== undefined);
      const again = logged.flatMap((change) =>
        change === last
          ? [change, { ...change, type: 'LEAD_UPDATED', seq: change.seq + 1, version: change.version + 1 }]
          : [change],
      );
      return { ...others, logged: again, deliveries: deliveries.map((one) => deliver(one.tenantId, again, [])) };
    },
    kinds: ['APPLIED_TWICE', 'NOT_STORED'],
  },
  {
    title: 'a record that an ordinary mutation made twice',
    plant: ({ created, ...others }) => ({ ...others, created: created.slice(1) }),
    kinds: ['NOT_ACKNOWLEDGED'],
  },
  {
    title: 'a record that was said to be made and is not',
    plant: ({ created, ...others }) => ({
      ...others,
      created: [...created, { tenantId: 'tenant-0', entity: 'Lead', entityId: 'never' }],
    }),
    kinds: ['NOT_APPLIED'],
  },
  {
    title: 'a version that is missing in the log',
    plant: ({ logged, deliveries, ...others }) => {
      const versionOf = new Map(logged.map(({ entityId, version }) => [entityId, version]));
      const updated = logged.find(({ entityId, version }) => version === 2 && (versionOf.get(entityId) ?? 0) > 2);
      const without = logged.filter((change) => change !== updated);
      const { clientId, mutationId } = updated ?? {};
      return {
        ...others,
        acknowledged: others.acknowledged.filter((one) => one.clientId !== clientId || one.mutationId !== mutationId),
        logged: without,
        deliveries: deliveries.map((one) => deliver(one.tenantId, without, [])),
      };
    },
    kinds: ['VERSION_GAP'],
  },
  {
    title: 'an update that the table does not hold',
    plant: ({ stored: [first, ...rest], ...others }) => ({
      ...others,
      stored: first ? [{ ...first, version: first.version - 1 }, ...rest] : [],
    }),
    kinds: ['NOT_STORED'],
  },
  {
    title: 'a record that the table does not hold at all',
    plant: ({ stored, ...others }) => ({ ...others, stored: stored.slice(1) }),
    kinds: ['NOT_STORED'],
  },
  {
    title: 'an event that nobody reacted to',
    plant: ({ logged, ...others }) => {
      const [first] = reactionsIn(logged);
      return relog(
        { logged, ...others },
        logged.filter((change) => change !== first),
      );
    },
    kinds: ['NOT_REACTED'],
  },
  {
    title: 'an event that was reacted to twice',
    plant: ({ logged, ...others }) => {
      const [first] = reactionsIn(logged);
      const again = logged.flatMap((change) =>
        change === first ? [change, { ...change, seq: change.seq + 1, entityId: 'another' }] : [change],
      );
      return relog({ logged, ...others }, again);
    },
    kinds: ['REACTED_TWICE'],
  },
  {
    title: 'a reaction to what did not happen',
    plant: ({ logged, ...others }) => {
      const [first] = reactionsIn(logged);
      const invented = logged.flatMap((change) =>
        change === first ? [change, { ...change, seq: change.seq + 1, entityId: 'another', causedBy: 1 }] : [change],
      );
      return relog({ logged, ...others }, invented);
    },
    kinds: ['REACTED_TO_NOTHING'],
  },
];

describe('the verdict on a run', () => {
  test('finds nothing where there is nothing', () => {
    fc.assert(
      fc.property(faultless, (observation) => {
        expect(judge(observation)).toEqual({
          faults: [],
          acknowledged: observation.acknowledged.length + observation.created.length,
          logged: observation.logged.length,
          delivered: observation.logged.length,
          reactions: observation.logged.length - observation.acknowledged.length - observation.created.length,
        });
      }),
    );
  });

  test.each(plantedFaults)('finds $title', ({ plant, kinds }) => {
    fc.assert(
      fc.property(faultless, (observation) => {
        const { faults } = judge(plant(observation));
        expect([...new Set(faults.map(({ kind }) => kind))].sort()).toEqual([...kinds].sort());
      }),
    );
  });

  test('asks of a subscriber that came later only what came after', () => {
    const [observation] = fc.sample(faultless, 1);
    if (!observation) throw new Error('There is no run.');
    const [first] = observation.logged;
    const late = observation.deliveries.map(
      ({ batches, ...rest }): Delivery => ({
        ...rest,
        after: first?.seq ?? 0,
        batches: [
          { from: 'a', to: 'b', changes: batches.flatMap(({ changes }) => changes).filter((one) => one !== first) },
        ],
      }),
    );
    expect(judge({ ...observation, deliveries: late }).faults).toEqual([]);
  });
});
