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

const bare: FanOutServer = { ...ours, script: new URL('bare.ts', import.meta.url) };

const plan: Omit<FanOutPlan, 'seconds' | 'perSocket'> = { subscriptions: 10_000, tenants: 200 };
/** A client of ours has all its subscriptions on one socket. */
const sharing = 10;
const rate = 10_000;
const batchedRate = 100_000;
/** Faster than it has to be, so that the figure is not the pace of the bench. */
const batchedPace = 150_000;
const changesPerBatch = 20;

interface Measured {
  readonly residentKb: number;
  /** One change in a message. */
  readonly alone: FanOutFigures;
}

interface FanOutRun {
  readonly here: Measured;
  readonly plain: Measured;
  /** Bare sockets, where each subscription has one of its own. */
  readonly floor: Measured | undefined;
  readonly batched: FanOutFigures;
}

const rounds = 3;

/** The round in the middle, by processor time. */
function middle(figures: readonly FanOutFigures[]): FanOutFigures {
  const sorted = figures.toSorted((a, b) => a.cpuUs - b.cpuUs);
  return sorted[Math.floor(sorted.length / 2)] as FanOutFigures;
}

/** Measures all servers in turn: what else the machine does falls on each of them. */
async function measureFanOut(seconds: number, perSocket: number): Promise<FanOutRun> {
  const opened: { readonly fanOut: FanOut; readonly figures: FanOutFigures[] }[] = [];
  const open = async (server: FanOutServer) => {
    const one = { fanOut: await openFanOut(server, { ...plan, perSocket, seconds }), figures: [] };
    opened.push(one);
    return one;
  };
  try {
    const plain = await open(peer);
    const floor = perSocket === 1 ? await open(bare) : undefined;
    const own = await open(ours);
    for (let round = 0; round < rounds; round += 1) {
      for (const { fanOut, figures } of opened) figures.push(await fanOut.deliver(rate, 1));
    }
    const measuredOf = ({ fanOut, figures }: typeof own): Measured => ({
      residentKb: fanOut.residentKbPerSubscription,
      alone: middle(figures),
    });
    return {
      here: measuredOf(own),
      plain: measuredOf(plain),
      floor: floor && measuredOf(floor),
      batched: await own.fanOut.deliver(batchedPace, changesPerBatch),
    };
  } finally {
    await Promise.all(opened.map(({ fanOut }) => fanOut.stop()));
  }
}

const target = (unit: string, peerValue: number) => ({ unit, peer: 'target', peerValue });

function fanOutRows({ here: { alone, residentKb }, plain, floor, batched }: FanOutRun): Measurement[] {
  const beside = (unit: string, peerValue: number) => ({ unit, peer: 'graphql-ws', peerValue });
  return [
    { what: 'deliveries', value: alone.deliveriesPerSecond, ...target('/s', rate) },
    { what: 'publication to arrival, p50', value: alone.p50, ...beside('ms', plain.alone.p50) },
    { what: 'publication to arrival, p99', value: alone.p99, ...beside('ms', plain.alone.p99) },
    { what: 'publication to arrival, p99', value: alone.p99, ...target('ms', 10) },
    { what: 'processor time of a delivery', value: alone.cpuUs, ...beside('us', plain.alone.cpuUs) },
    { what: 'processor time of a delivery', value: alone.cpuUs, ...target('us', plain.alone.cpuUs / 3) },
    ...(floor ? floorRows(alone, plain.alone, floor.alone) : []),
    { what: 'resident memory of a subscription', value: residentKb, ...beside('KB', plain.residentKb) },
    { what: 'resident memory of a subscription', value: residentKb, ...target('KB', 30) },
    { what: 'changes delivered in batches', value: batched.deliveriesPerSecond, ...target('/s', batchedRate) },
    { what: 'the same, publication to arrival, p99', value: batched.p99, ...beside('ms', plain.alone.p99) },
    { what: 'the same, processor time of a change', value: batched.cpuUs, ...beside('us', plain.alone.cpuUs) },
  ];
}

/** What the system takes for itself, and what the servers add to it. */
function floorRows(alone: FanOutFigures, plain: FanOutFigures, floor: FanOutFigures): Measurement[] {
  const above = ({ cpuUs }: FanOutFigures) => cpuUs - floor.cpuUs;
  const what = 'the same, above that of bare sockets';
  return [
    { what: 'publication to arrival, p99', value: alone.p99, unit: 'ms', peer: 'bare sockets', peerValue: floor.p99 },
    {
      what: 'processor time of a delivery',
      value: alone.cpuUs,
      unit: 'us',
      peer: 'bare sockets',
      peerValue: floor.cpuUs,
    },
    { what, value: above(alone), unit: 'us', peer: 'graphql-ws', peerValue: above(plain) },
  ];
}

/** Measures the feed from a ring to sockets beside a plain server; resolves to a table. */
export async function benchFanOut(seconds: number): Promise<string> {
  const own = await measureFanOut(seconds, 1);
  const shared = await measureFanOut(seconds, sharing);
  return [
    `${plan.subscriptions} subscriptions, each on a socket of its own, of ${plan.tenants} tenants such as ${tenantName(0)};`,
    'one server process, subscribers in two others; tenants publish one after the other, evenly over the time;',
    `a change is about 300 bytes; batches of ${changesPerBatch}, published at ${batchedPace} deliveries/s, and all arrive;`,
    'bare sockets: the same bytes, written to as many sockets by a server that does nothing else',
    '',
    formatTable(fanOutRows(own)),
    `The same with ${sharing} subscriptions on each socket`,
    '',
    formatTable(fanOutRows(shared)),
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
