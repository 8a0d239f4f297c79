import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LoadSample } from '../load/generator.ts';
import { type LoadGenerator, startLoadGenerator } from '../load/load-generator.ts';
import { mediansOf } from '../load/medians.ts';
import { formatRows, formatTable } from '../table.ts';
import { bodyOf, customerId, customers, headers, request } from './operation.ts';
import {
  type CustomerServer,
  startDatabase,
  startHandWritten,
  startPlatform,
  startWithoutPermissions,
} from './servers.ts';

const rounds = 3;
const target = 3;
/** The part of a request's processor time that its permission checks may take, and in how many rounds it is looked for. */
const permissionShare = 0.05;
const permissionRounds = 15;
const connections = [20, 1];

async function ask({ title, url }: CustomerServer, id: string): Promise<{ data: unknown; bytes: number }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
    body: bodyOf(id),
  });
  const text = await response.text();
  const { data, errors } = JSON.parse(text);
  if (errors || !data?.customer360) throw new Error(`${title} gives no whole answer for ${id}: ${text}`);
  return { data, bytes: Buffer.byteLength(text) };
}

/** Compares what two servers answer for every customer; resolves to the bytes of the shortest answer. */
async function compareAnswers(one: CustomerServer, other: CustomerServer): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let number = 1; number <= customers; number += 1) {
    const id = customerId(number);
    const [first, second] = await Promise.all([ask(one, id), ask(other, id)]);
    if (!isDeepStrictEqual(first.data, second.data)) throw new Error(`The servers differ about ${id}.`);
    shortest = Math.min(shortest, first.bytes, second.bytes);
  }
  return shortest;
}

/** Loads the servers in turn, several times over; resolves to the medians of each. */
async function measureInTurn(
  servers: readonly CustomerServer[],
  generator: LoadGenerator,
  job: { readonly connections: number; readonly answerBytes: number; readonly databasePid: number },
  seconds: number,
  times = rounds,
): Promise<LoadSample[]> {
  const samples = servers.map((): LoadSample[] => []);
  for (let round = 0; round < times; round += 1) {
    for (const [index, { url, pid }] of servers.entries()) {
      const sample = await generator.run({ ...job, url, pid, request, warmUpMs: 500, measuredMs: seconds * 1000 });
      samples[index]?.push(sample);
    }
  }
  return samples.map(mediansOf);
}

function format(servers: readonly CustomerServer[], samples: readonly LoadSample[], count: number): string {
  const header = ['server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms/request', 'Postgres CPU ms/request', 'MB'];
  const rows = samples.map((sample, index) => [
    servers[index]?.title ?? '',
    sample.requestsPerSecond.toFixed(0),
    sample.p50.toFixed(1),
    sample.p99.toFixed(1),
    sample.cpuMs.toFixed(2),
    sample.databaseCpuMs.toFixed(2),
    (sample.residentBytes / 1e6).toFixed(0),
  ]);
  const [ours, byHand] = samples;
  if (!ours || !byHand) throw new Error('Nothing was measured.');
  const measurement = {
    what: `CPU per whole customer, ${count} connections`,
    value: ours.cpuMs,
    unit: 'ms',
    peer: `${target} times by hand:`,
    peerValue: target * byHand.cpuMs,
  };
  return `The whole customer, another one per request; ${count} connections\n\n${formatRows(header, rows)}\n${formatTable([measurement])}`;
}

/** What permissions cost: the platform beside one that checks none, in short turns, because it is little. */
async function measurePermissions(
  platform: CustomerServer,
  unguarded: CustomerServer,
  generator: LoadGenerator,
  job: { readonly answerBytes: number; readonly databasePid: number },
  seconds: number,
): Promise<string> {
  const servers = [unguarded, platform];
  const load = { ...job, connections: 20 };
  await measureInTurn(servers, generator, load, 1);
  const [without, withThem] = await measureInTurn(servers, generator, load, seconds / 2, permissionRounds);
  if (!without || !withThem) throw new Error('Nothing was measured.');
  const measurement = {
    what: 'CPU per whole customer, permissions checked',
    value: withThem.cpuMs,
    unit: 'ms',
    peer: `${(100 * permissionShare).toFixed(0)} % more than with none checked:`,
    peerValue: (1 + permissionShare) * without.cpuMs,
  };
  return `What permissions cost, at the gateway and in the subgraphs; 20 connections\n\n${formatTable([measurement])}`;
}

/** The whole customer end to end on Postgres, beside the same reads written by hand. Resolves to the tables. */
export async function benchCustomer360({ seconds }: { readonly seconds: number }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-bench-'));
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true })];
  try {
    const database = await startDatabase(directory);
    stops.push(database.stop);
    const platform = await startPlatform(directory, database);
    stops.push(platform.stop);
    const handWritten = await startHandWritten(database);
    stops.push(handWritten.stop);
    const generator = startLoadGenerator();
    stops.push(generator.stop);
    const servers = [platform, handWritten];
    const answerBytes = await compareAnswers(platform, handWritten);
    const job = { answerBytes, databasePid: database.pid };
    await measureInTurn(servers, generator, { ...job, connections: 20 }, 1);
    const tables: string[] = [];
    for (const count of connections) {
      const samples = await measureInTurn(servers, generator, { ...job, connections: count }, seconds);
      tables.push(format(servers, samples, count));
    }
    const own = await mkdtemp(join(tmpdir(), 'panorama-bench-'));
    stops.push(() => rm(own, { recursive: true }));
    const unguarded = await startWithoutPermissions(own, database);
    stops.push(unguarded.stop);
    await compareAnswers(platform, unguarded);
    tables.push(await measurePermissions(platform, unguarded, generator, job, seconds));
    return tables.join('\n');
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
