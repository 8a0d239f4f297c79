import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatewayKinds, type RunningGateway, startGateway } from '../gateway/gateways.ts';
import { composeShop, startSubgraphs } from '../gateway/shop-process.ts';
import { residentBytesOf } from '../load/process-figures.ts';
import { formatTable, type Measurement } from '../table.ts';
import { measurePlanTimes } from './plan-times.ts';

const connections = 10;
/** After how many operations the memory is read. */
const steps = [1_000, 10_000] as const;
/** How long a gateway is left alone before that: V8 collects garbage when nothing else is to be done. */
const pauses = { count: 8, ms: 500 } as const;

/** An operation that nobody has sent before: its name differs, and so does what it asks a subgraph. */
function operation(number: number): string {
  const query = `query Operation${number} {
    users { id name reviews { id body product { upc name price } } }
    topProducts(first: ${number}) { upc name inStock shippingEstimate reviews { id author { id name } } }
  }`;
  return JSON.stringify({ query });
}

async function sendOperation(url: string, number: number): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: operation(number),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  if (errors) throw new Error(`${url}: operation ${number} was answered with errors.`);
}

/** Sends the operations of some numbers, each once. */
async function sendOperations(url: string, from: number, to: number): Promise<void> {
  let next = from;
  const sendInTurn = async () => {
    while (next < to) {
      next += 1;
      await sendOperation(url, next - 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, sendInTurn));
}

/** Resident memory of a gateway that rests: the least of several readings. */
async function restingBytesOf({ pid }: RunningGateway): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let pause = 0; pause < pauses.count; pause += 1) {
    await sleep(pauses.ms);
    least = Math.min(least, residentBytesOf(pid));
  }
  return least;
}

/** Resident memory in bytes after each of the steps. */
async function measureMemory(gateway: RunningGateway): Promise<readonly number[]> {
  const memory: number[] = [];
  let sent = 1;
  for (const step of steps) {
    await sendOperations(gateway.url, sent, step + 1);
    sent = step + 1;
    memory.push(await restingBytesOf(gateway));
  }
  return memory;
}

/** Our memory and the stock gateway's, one after the other over the same subgraphs. */
async function measureGateways(): Promise<Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-bench-'));
  const subgraphs = await startSubgraphs(0);
  const memory = new Map<string, readonly number[]>();
  try {
    const supergraphFile = join(directory, 'supergraph.graphql');
    await writeFile(supergraphFile, composeShop(subgraphs.port));
    for (const kind of gatewayKinds.filter(({ name }) => name === 'ours' || name === 'stock')) {
      const gateway = await startGateway(kind, supergraphFile);
      try {
        memory.set(kind.name, await measureMemory(gateway));
      } finally {
        await gateway.stop();
      }
    }
  } finally {
    subgraphs.stop();
    await rm(directory, { recursive: true });
  }
  const megabytes = (name: string, index: number) => (memory.get(name)?.[index] ?? Number.NaN) / 1e6;
  return steps.map((step, index) => ({
    what: `resident memory after ${step.toLocaleString('en')} different operations`,
    value: megabytes('ours', index),
    unit: 'MB',
    peer: '@apollo/gateway',
    peerValue: megabytes('stock', index),
  }));
}

/** Many documents: what they leave in memory, and how long the plan of a new one takes. */
export async function benchOperations(): Promise<string> {
  const memory = await measureGateways();
  const { ours, stock } = measurePlanTimes();
  const planning = {
    what: 'cold plan of the reference query',
    value: ours,
    unit: 'ms',
    peer: "1.5 times the stock planner's:",
    peerValue: 1.5 * stock,
  };
  return formatTable([...memory, planning]);
}
