import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayKind, gatewayKinds, type RunningGateway, startGateway } from '../gateway/gateways.ts';
import { composeShop, startSubgraphs } from '../gateway/shop-process.ts';
import type { LoadSample } from '../load/generator.ts';
import { type LoadGenerator, startLoadGenerator } from '../load/load-generator.ts';
import { mediansOf } from '../load/medians.ts';
import { formatRows, formatTable } from '../table.ts';
import { measureWorkers } from './measure.ts';

const connections = 50;
const rounds = 3;
const target = 1.8;

function withWorkers(count: number): GatewayKind {
  const ours = gatewayKinds.find(({ name }) => name === 'ours');
  if (!ours) throw new Error('There is no gateway of ours to measure.');
  return {
    ...ours,
    title: `Panorama, --workers ${count}`,
    command: (file, port) => [...ours.command(file, port), '--workers', String(count)],
  };
}

function formatFigures(title: string, figures: LoadSample): string[] {
  const { requestsPerSecond, p50, p99, cpuMs, loadCores, subgraphCores } = figures;
  return [
    title,
    requestsPerSecond.toFixed(0),
    p50.toFixed(1),
    p99.toFixed(1),
    cpuMs.toFixed(2),
    ((requestsPerSecond * cpuMs) / 1000).toFixed(2),
    (loadCores + subgraphCores).toFixed(2),
  ];
}

const header = [
  'gateway',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'CPU ms/request',
  'cores of the gateway',
  'cores of load and subgraphs',
];

function format(one: LoadSample, two: LoadSample): string {
  const beside = { unit: 'times', peer: 'target', peerValue: target };
  return [
    `Every request differs in a variable and a header; ${connections} connections`,
    '',
    formatRows(header, [formatFigures(withWorkers(1).title, one), formatFigures(withWorkers(2).title, two)]),
    formatTable([
      { what: 'requests/s, 2 workers to 1', value: two.requestsPerSecond / one.requestsPerSecond, ...beside },
      { what: 'the same, by processor time', value: (2 * one.cpuMs) / two.cpuMs, ...beside },
    ]),
    'The second line is what follows from the processor time per request for two workers that wait for no core. One worker',
    'takes more than a core, as V8 collects garbage in threads beside it, and the load generator and the subgraphs take',
    'their part: on two cores the first line is indicative.',
    '',
  ].join('\n');
}

async function measureInTurn(
  [alone, paired]: readonly [RunningGateway, RunningGateway],
  generator: LoadGenerator,
  statsUrl: string,
  seconds: number,
): Promise<string> {
  const run = (gateway: RunningGateway) =>
    measureWorkers({ gateway, statsUrl, connections, measuredMs: seconds * 1000 }, generator);
  // Unmeasured at first: the code of every worker is to be compiled before the first sample.
  for (const gateway of [alone, paired, alone, paired]) await run(gateway);
  const one: LoadSample[] = [];
  const two: LoadSample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    one.push(await run(alone));
    two.push(await run(paired));
  }
  return format(mediansOf(one), mediansOf(two));
}

/** Measures our gateway with one and with two workers on the reference workload, in turn; resolves to the tables. */
export async function benchWorkers(seconds: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-bench-'));
  const subgraphs = await startSubgraphs(0);
  const generator = startLoadGenerator();
  const started: RunningGateway[] = [];
  const start = async (count: number, supergraphFile: string) => {
    const gateway = await startGateway(withWorkers(count), supergraphFile);
    started.push(gateway);
    return gateway;
  };
  try {
    const supergraphFile = join(directory, 'supergraph.graphql');
    await writeFile(supergraphFile, composeShop(subgraphs.port));
    const gateways = [await start(1, supergraphFile), await start(2, supergraphFile)] as const;
    return await measureInTurn(gateways, generator, `http://127.0.0.1:${subgraphs.port}/stats`, seconds);
  } finally {
    await Promise.all(started.map((gateway) => gateway.stop()));
    generator.stop();
    subgraphs.stop();
    await rm(directory, { recursive: true });
  }
}
