import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSuiteSupergraph } from '../../cli/suite-supergraph.ts';
import { apps } from '../../subgraphs/index.ts';
import { type Balancer, openBalancer } from './balancer.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type Ground, openGround } from './ground.ts';
import { waitUntil } from './wait.ts';

/** The platform as several processes: gateways, and one process for each app that takes part. */
export interface Site {
  readonly ground: Ground;
  /** Of the endpoint, which leads to one of the gateways. */
  readonly url: string;
  readonly gateways: Fleet;
  readonly apps: readonly Fleet[];
  /** The key of a tenant of the site. */
  keyOf(tenant: string): string;
  /** Waits until apps have reacted to all that has happened in some tenants. */
  reacted(tenants: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly gateways: number;
  /** The apps that have processes; the others cannot be reached. */
  readonly apps: readonly string[];
  readonly tenants: readonly string[];
}

/** How often it is looked whether apps have reacted to everything, which takes a connection each time. */
const lookMs = 200;

function waitForReactions(ground: Ground, tenants: readonly string[]): Promise<void> {
  return waitUntil('the reactions to all that happened', async () => {
    await sleep(lookMs);
    return (await ground.countUnhandled(tenants)) === 0;
  });
}

const urlOf = ({ port }: Pick<Balancer, 'port'>) => `http://127.0.0.1:${port}/graphql`;

/** Starts everything; what has been started is stopped when a later part does not start. */
export async function openSite({ gateways, apps: names, tenants }: SiteOptions): Promise<Site> {
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
    const keys = new Map<string, string>();
    // Before there are processes: these find what is there, and nothing of it is left to come later.
    for (const tenant of tenants) keys.set(tenant, await ground.addTenant(tenant));
    const settings = { DATABASE_URL: ground.ownerUrl, PANORAMA_SECRET: ground.secret };
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
    const reacted = (some: readonly string[]) => waitForReactions(ground, some);
    await reacted(tenants);
    const keyOf = (tenant: string) => keys.get(tenant) ?? '';
    return { ground, url: urlOf(gatewayFleet), gateways: gatewayFleet, apps: appFleets, keyOf, reacted, stop };
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
