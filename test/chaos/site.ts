import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSuiteSupergraph } from '../../cli/suite-supergraph.ts';
import { apps } from '../../subgraphs/index.ts';
import { type Balancer, openBalancer } from './balancer.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type Ground, openGround } from './ground.ts';

/** The platform as several processes: gateways, and one process for each app that takes part. */
export interface Site {
  readonly ground: Ground;
  /** Of the endpoint, which leads to one of the gateways. */
  readonly url: string;
  readonly gateways: Fleet;
  readonly apps: readonly Fleet[];
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly gateways: number;
  /** The apps that have processes; the others cannot be reached. */
  readonly apps: readonly string[];
}

const urlOf = ({ port }: Pick<Balancer, 'port'>) => `http://127.0.0.1:${port}/graphql`;

/** Starts everything; what has been started is stopped when a later part does not start. */
export async function openSite({ gateways, apps: names }: SiteOptions): Promise<Site> {
  const ground = await openGround();
  const stops: (() => Promise<void>)[] = [() => ground.stop()];
  const stop = async () => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const { directory } = ground;
    const addresses = new Map(await Promise.all(apps.map(async ({ name }) => [name, await openBalancer()] as const)));
    stops.push(async () => {
      await Promise.all(Array.from(addresses.values(), (one) => one.close()));
    });
    const settings = {
      DATABASE_URL: ground.ownerUrl,
      PANORAMA_SECRET: ground.secret,
      // The log ends with the last edit: what apps make of a change later would come after the count.
      PANORAMA_REACTIONS: 'false',
    };
    const files = await writeFiles(directory, addresses);
    const start = async (name: string, size: number, args: readonly string[], balancer?: Balancer) => {
      const fleet = await startFleet({ name, size, args, directory, settings, balancer });
      stops.push(() => fleet.stop());
      return fleet;
    };
    const appFleets: Fleet[] = [];
    for (const name of names) {
      appFleets.push(await start(name, 1, ['subgraph', name, '--config', files.platform], addresses.get(name)));
    }
    const gatewayFleet = await start('gateway', gateways, [
      'gateway',
      ...['--supergraph', files.supergraph, '--config', files.gateway],
    ]);
    return { ground, url: urlOf(gatewayFleet), gateways: gatewayFleet, apps: appFleets, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The files that the processes read: the supergraph, and where each app is found. */
async function writeFiles(directory: string, addresses: ReadonlyMap<string, Balancer>) {
  const files = {
    supergraph: join(directory, 'supergraph.graphql'),
    gateway: join(directory, 'gateway.yaml'),
    platform: join(directory, 'panorama.yaml'),
  };
  const subgraphs = Object.fromEntries(Array.from(addresses, ([name, one]) => [name, { url: urlOf(one) }]));
  await writeFile(files.supergraph, await readSuiteSupergraph(apps));
  // JSON is YAML.
  await writeFile(files.gateway, JSON.stringify({ auth: { apiKeys: true }, everySubgraph: { token: {} }, subgraphs }));
  await writeFile(files.platform, JSON.stringify({ apps: subgraphs }));
  return files;
}
