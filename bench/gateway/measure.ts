import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LoadJob, LoadSample } from '../load/generator.ts';
import { type LoadGenerator, startLoadGenerator } from '../load/load-generator.ts';
import { mediansOf } from '../load/medians.ts';
import { type GatewayKind, postShop, type RunningGateway, startGateway } from './gateways.ts';
import { requestOf } from './operation.ts';
import { composeShop, startSubgraphs } from './shop-process.ts';

export interface GatewayBenchOptions {
  /** The gateways to start, ours first. */
  readonly kinds: readonly GatewayKind[];
  /** Gateways that run already, over the subgraphs on `subgraphsPort`. */
  readonly others: readonly RunningGateway[];
  /** 0 takes a free port. */
  readonly subgraphsPort: number;
  /** How long one sample takes, in seconds; every figure is the median of three samples. */
  readonly seconds: number;
  readonly onProgress: (step: string) => void;
}

/** What one gateway showed under one workload: medians. */
export interface GatewayFigures extends LoadSample {
  readonly name: string;
  readonly title: string;
  readonly answerBytes: number;
}

/** One way to send the query, and what every gateway made of it. */
export interface Workload {
  readonly distinct: boolean;
  readonly connections: number;
  readonly gateways: readonly GatewayFigures[];
}

/** A gateway with what every job of load on it says. */
type Load = Pick<RunningGateway, 'name' | 'title' | 'url' | 'pid'> & Pick<LoadJob, 'statsUrl' | 'answerBytes'>;

const rounds = 3;
const workloads = [
  { distinct: true, connections: 20 },
  { distinct: true, connections: 50 },
  { distinct: false, connections: 20 },
  { distinct: false, connections: 50 },
];

/** The size of the answer in bytes. Throws unless all gateways give the same data, and no errors. */
async function compareAnswers(gateways: readonly RunningGateway[]): Promise<ReadonlyMap<RunningGateway, number>> {
  const sizes = new Map<RunningGateway, number>();
  let reference: { readonly title: string; readonly answer: unknown } | undefined;
  for (const gateway of gateways) {
    const text = await (await postShop(gateway.url)).text();
    const { data, errors } = JSON.parse(text);
    if (errors || !data?.users || !data.topProducts) throw new Error(`${gateway.title} gives no whole answer: ${text}`);
    reference ??= { title: gateway.title, answer: data };
    if (!isDeepStrictEqual(data, reference.answer)) {
      throw new Error(`${gateway.title} answers otherwise than ${reference.title}.`);
    }
    sizes.set(gateway, Buffer.byteLength(text));
  }
  return sizes;
}

/** Every gateway once, then all of them again: what disturbs the machine for a while disturbs all of them. */
async function measureWorkload(
  workload: Pick<Workload, 'distinct' | 'connections'>,
  loads: readonly Load[],
  generator: LoadGenerator,
  seconds: number,
): Promise<Workload> {
  const samples = new Map<Load, LoadSample[]>(loads.map((load) => [load, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [load, taken] of samples) {
      taken.push(
        await generator.run({
          ...load,
          request: requestOf(workload.distinct),
          connections: workload.connections,
          warmUpMs: 500,
          measuredMs: seconds * 1000,
        }),
      );
    }
  }
  const gateways = Array.from(samples, ([{ name, title, answerBytes }, taken]) => ({
    name,
    title,
    answerBytes,
    ...mediansOf(taken),
  }));
  return { ...workload, gateways };
}

async function measureRunning(
  gateways: readonly RunningGateway[],
  generator: LoadGenerator,
  subgraphsPort: number,
  { seconds, onProgress }: GatewayBenchOptions,
): Promise<Workload[]> {
  const sizes = await compareAnswers(gateways);
  const statsUrl = `http://127.0.0.1:${subgraphsPort}/stats`;
  const loads = Array.from(sizes, ([{ name, title, url, pid }, answerBytes]) => ({
    name,
    title,
    url,
    pid,
    answerBytes,
    statsUrl,
  }));
  onProgress('Warming up');
  for (const load of loads) {
    for (const distinct of [true, false]) {
      await generator.run({
        ...load,
        request: requestOf(distinct),
        connections: 20,
        warmUpMs: 1_500,
        measuredMs: 1_500,
      });
    }
  }
  const measured: Workload[] = [];
  for (const workload of workloads) {
    onProgress(
      `Measuring ${workload.distinct ? 'different' : 'equal'} requests on ${workload.connections} connections`,
    );
    measured.push(await measureWorkload(workload, loads, generator, seconds));
  }
  return measured;
}

/** Measures gateways over the same subgraphs in one run: all of them run all the time, and are asked in turn. */
export async function measureGateways(options: GatewayBenchOptions): Promise<Workload[]> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-bench-'));
  const subgraphs = await startSubgraphs(options.subgraphsPort);
  const generator = startLoadGenerator();
  const started: RunningGateway[] = [];
  try {
    const supergraphFile = join(directory, 'supergraph.graphql');
    await writeFile(supergraphFile, composeShop(subgraphs.port));
    for (const kind of options.kinds) {
      options.onProgress(`Starting ${kind.title}`);
      started.push(await startGateway(kind, supergraphFile));
    }
    return await measureRunning([...started, ...options.others], generator, subgraphs.port, options);
  } finally {
    await Promise.all(started.map((gateway) => gateway.stop()));
    generator.stop();
    subgraphs.stop();
    await rm(directory, { recursive: true });
  }
}
