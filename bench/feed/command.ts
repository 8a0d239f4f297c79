import { formatTable, type Measurement } from '../table.ts';
import { type FanOut, type FanOutFigures, type FanOutPlan, type FanOutServer, openFanOut } from './fan-out.ts';
import { tenantName } from './fed-server.ts';
import { measureLockCost } from './lock-cost.ts';
import { measurePlatform } from './platform.ts';

const selection = 'seq type app entity entityId op version data correlationId';

const ours: FanOutServer = {
  script: new URL('ours.ts', import.meta.url),
  query: `subscription($after: Cursor) {
    changes(after: $after) {
      __typename
      ... on ChangeBatch { from to compacted upToDate changes { ${selection} } }
      ... on Resync { reason }
    }
  }`,
  subscriberOf: (tenant) => ({ init: { 'x-tenant-key': tenant }, variables: { after: null } }),
};

const peer: FanOutServer = {
  script: new URL('peer.ts', import.meta.url),
  query: `subscription($tenant: String!) { changed(tenant: $tenant) { ${selection} } }`,
  subscriberOf: (tenant) => ({ init: {}, variables: { tenant } }),
};

const plan: Omit<FanOutPlan, 'seconds' | 'perSocket'> = { subscriptions: 10_000, tenants: 200 };
/** A client of ours has all its subscriptions on one socket. */
const sharing = 10;
const rate = 10_000;
const batchedRate = 100_000;
const changesPerBatch = 20;

interface Measured {
  readonly residentKb: number;
  /** One change in a message. */
  readonly alone: FanOutFigures;
}

const rounds = 3;

/** The round in the middle, by processor time. */
function middle(figures: readonly FanOutFigures[]): FanOutFigures {
  const sorted = figures.toSorted((a, b) => a.cpuUs - b.cpuUs);
  return sorted[Math.floor(sorted.length / 2)] as FanOutFigures;
}

/** Measures both servers in turn: what else the machine does falls on both. */
async function measureFanOut(seconds: number, perSocket: number) {
  const opened: FanOut[] = [];
  const open = async (server: FanOutServer) => {
    const fanOut = await openFanOut(server, { ...plan, perSocket, seconds });
    opened.push(fanOut);
    return fanOut;
  };
  try {
    const [theirs, own] = [await open(peer), await open(ours)];
    const [theirFigures, ownFigures]: [FanOutFigures[], FanOutFigures[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      theirFigures.push(await theirs.deliver(rate, 1));
      ownFigures.push(await own.deliver(rate, 1));
    }
    const measuredOf = ({ residentKbPerSubscription: residentKb }: FanOut, figures: readonly FanOutFigures[]) => ({
      ...{ residentKb, alone: middle(figures) },
    });
    const batched = await own.deliver(batchedRate, changesPerBatch);
    return { here: measuredOf(own, ownFigures), beside: measuredOf(theirs, theirFigures), batched };
  } finally {
    await Promise.all(opened.map((one) => one.stop()));
  }
}

const target = (unit: string, peerValue: number) => ({ unit, peer: 'target', peerValue });

function fanOutRows({ alone, residentKb }: Measured, beside: Measured, batched: FanOutFigures): Measurement[] {
  const plain = (unit: string, peerValue: number) => ({ unit, peer: 'graphql-ws', peerValue });
  return [
    { what: 'deliveries', value: alone.deliveriesPerSecond, ...target('/s', rate) },
    { what: 'publication to arrival, p50', value: alone.p50, ...plain('ms', beside.alone.p50) },
    { what: 'publication to arrival, p99', value: alone.p99, ...plain('ms', beside.alone.p99) },
    { what: 'publication to arrival, p99', value: alone.p99, ...target('ms', 10) },
    { what: 'processor time of a delivery', value: alone.cpuUs, ...plain('us', beside.alone.cpuUs) },
    { what: 'processor time of a delivery', value: alone.cpuUs, ...target('us', beside.alone.cpuUs / 3) },
    { what: 'resident memory of a subscription', value: residentKb, ...plain('KB', beside.residentKb) },
    { what: 'resident memory of a subscription', value: residentKb, ...target('KB', 30) },
    { what: 'changes delivered in batches', value: batched.deliveriesPerSecond, ...target('/s', batchedRate) },
    { what: 'the same, publication to arrival, p99', value: batched.p99, ...target('ms', 10) },
    { what: 'the same, processor time of a change', value: batched.cpuUs, ...plain('us', beside.alone.cpuUs) },
  ];
}

/** Measures the feed from a ring to sockets beside a plain server; resolves to a table. */
export async function benchFanOut(seconds: number): Promise<string> {
  const own = await measureFanOut(seconds, 1);
  const shared = await measureFanOut(seconds, sharing);
  return [
    `${plan.subscriptions} subscriptions, each on a socket of its own, of ${plan.tenants} tenants such as ${tenantName(0)};`,
    `one server process, subscribers in two others; a change is about 300 bytes; batches of ${changesPerBatch}`,
    '',
    formatTable(fanOutRows(own.here, own.beside, own.batched)),
    `The same with ${sharing} subscriptions on each socket`,
    '',
    formatTable(fanOutRows(shared.here, shared.beside, shared.batched)),
  ].join('\n');
}

/** Measures the feed from a ring to sockets, then that of a whole platform; resolves to tables. */
export async function benchFeed({ seconds }: { readonly seconds: number }): Promise<string> {
  const fanOut = await benchFanOut(seconds);
  const { withLock, withoutLock } = await measureLockCost();
  return [
    fanOut,
    'The whole platform on its Postgres',
    '',
    formatTable([
      ...(await measurePlatform(seconds)),
      {
        what: 'writes of 16 writers over 100 tenants',
        value: withLock,
        unit: '/s',
        peer: 'without the lock',
        peerValue: withoutLock,
      },
    ]),
  ].join('\n');
}
