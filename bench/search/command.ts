import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runStatements } from '../../test/support/run-statements.ts';
import { startDatabase, startPlatform } from '../customer360/servers.ts';
import { key, otherKey, post } from '../demo-platform.ts';
import { formatRows, formatTable } from '../table.ts';
import { insertRecords, personAt } from './records.ts';

const tenants = ['acme', 'globex'] as const;
const keyOf = { acme: key, globex: otherKey } as const;
const searchesOfAKind = 300;
const target = 50;

/** What is searched for, by kind: another name each time. */
const kinds: Readonly<Record<string, (index: number) => string>> = {
  'a surname': (index) => personAt(index).lastName,
  'first name and surname': (index) => `${personAt(index).firstName} ${personAt(index).lastName}`,
  'a beginning, three letters': (index) => personAt(index).lastName.slice(0, 3),
  'a surname with a wrong letter': (index) => {
    const { lastName } = personAt(index);
    const place = 1 + (index % (lastName.length - 1));
    return `${lastName.slice(0, place)}q${lastName.slice(place + 1)}`;
  },
  'a part of an e-mail address': (index) => `${personAt(index).lastName.toLowerCase()}${index}`,
  'a word that a third of the records have': () => 'firma',
  'nothing that there is': (index) => `xq${index}zz`,
};

interface Sample {
  readonly p50: number;
  readonly p95: number;
  /** How many of the searches found something. */
  readonly successful: number;
}

async function sample(count: number, search: (index: number) => Promise<number>): Promise<Sample> {
  const times: number[] = [];
  let successful = 0;
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    const found = await search(index);
    times.push(performance.now() - began);
    if (found > 0) successful += 1;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(count * share)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), successful };
}

const searchOperation = 'query ($query: String!) { search(query: $query, first: 10) { app score title highlight } }';
const tenantAt = (index: number) => tenants[index % tenants.length] ?? 'acme';
/** Spread over the people, so that no two searches are for the same. */
const personOf = (index: number) => (index * 47) % 8_000;

async function searchPlatform(url: string, index: number, kind: (index: number) => string): Promise<number> {
  const variables = { query: kind(personOf(index)) };
  const { search } = await post<{ search: unknown[] }>(url, keyOf[tenantAt(index)], searchOperation, variables);
  return search.length;
}

const columnsOfTable = {
  'crm.leads': ['first_name', 'last_name', 'email', 'company'],
  'crm.contacts': ['first_name', 'last_name', 'email'],
  'crm.deals': ['title'],
  'documents.documents': ['title', 'text'],
  'users.users': ['username', 'email'],
} as const;

/** The peer: every word anywhere in any column, as lists with a search box are often written; straight to Postgres. */
async function searchByPattern(pool: pg.Pool, index: number, kind: (index: number) => string): Promise<number> {
  const patterns = kind(personOf(index))
    .split(' ')
    .map((word) => `%${word}%`);
  const answers = await Promise.all(
    Object.entries(columnsOfTable).map(([table, columns]) => {
      const text = `concat_ws(' ', ${columns.join(', ')})`;
      const where = `tenant_id = $1 AND ${text} ILIKE ALL ($2)`;
      return pool.query(`SELECT id FROM ${table} WHERE ${where} LIMIT 10`, [tenantAt(index), patterns]);
    }),
  );
  return answers.reduce((count, { rows }) => count + rows.length, 0);
}

const pushOperation = 'mutation ($input: PushInput!) { push(input: $input) { results { status } } }';

/** Pushes new leads, a hundred at a time; each has a contact, so two hundred records are written. */
async function samplePushes(url: string, rounds: number): Promise<Sample> {
  const clientId = randomUUID();
  let id = 0;
  return await sample(rounds, async () => {
    const mutations = Array.from({ length: 100 }, () => {
      id += 1;
      const { firstName, lastName } = personAt(id);
      const patch = { firstName, lastName, email: `${clientId}-${id}@push.example`, source: 'field' };
      return { id, entity: 'Lead', entityId: randomUUID(), op: 'PUT', patch };
    });
    const { push } = await post<{ push: { results: { status: string }[] } }>(url, key, pushOperation, {
      input: { clientId, mutations },
    });
    return push.results.filter(({ status }) => status === 'APPLIED').length;
  });
}

/** What the index costs those who write: the same pushes with it and without, in turn. */
async function measureWrites(url: string, ownerUrl: string): Promise<string> {
  const set = (state: 'ENABLE' | 'DISABLE') =>
    runStatements(
      ownerUrl,
      ...['leads', 'contacts'].map((table) => `ALTER TABLE crm.${table} ${state} TRIGGER ${table}_search_new`),
    );
  await samplePushes(url, 5);
  const samples = { ENABLE: [] as Sample[], DISABLE: [] as Sample[] };
  for (let round = 0; round < 3; round += 1) {
    for (const state of ['DISABLE', 'ENABLE'] as const) {
      await set(state);
      samples[state].push(await samplePushes(url, 10));
    }
  }
  const best = (state: keyof typeof samples) => Math.min(...samples[state].map(({ p50 }) => p50));
  const what = 'pushing 100 new leads with their contacts';
  return formatTable([
    { what, value: best('ENABLE'), unit: 'ms', peer: 'without the index of words:', peerValue: best('DISABLE') },
  ]);
}

/** Searching 100,000 records of two tenants through the platform, beside patterns. Resolves to the tables. */
export async function benchSearch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'panorama-bench-'));
  const stops: (() => unknown)[] = [() => rm(directory, { recursive: true })];
  try {
    const database = await startDatabase(directory);
    stops.push(database.stop);
    const platform = await startPlatform(directory, database);
    stops.push(platform.stop);
    for (const tenant of tenants) await insertRecords(database.ownerUrl, tenant);
    const pool = new pg.Pool({ connectionString: database.ownerUrl, max: 5 });
    stops.push(() => pool.end());
    for (const kind of Object.values(kinds)) {
      await sample(40, (index) => searchPlatform(platform.url, index, kind));
    }
    const rows: string[][] = [];
    const all: Sample[] = [];
    for (const [name, kind] of Object.entries(kinds)) {
      const ours = await sample(searchesOfAKind, (index) => searchPlatform(platform.url, index, kind));
      const peer = await sample(searchesOfAKind / 5, (index) => searchByPattern(pool, index, kind));
      all.push(ours);
      const share = (part: number, whole: number) => `${Math.round((100 * part) / whole)} %`;
      rows.push([
        name,
        ...[ours.p50, ours.p95].map((ms) => ms.toFixed(1)),
        share(ours.successful, searchesOfAKind),
        ...[peer.p50, peer.p95].map((ms) => ms.toFixed(1)),
        share(peer.successful, searchesOfAKind / 5),
      ]);
    }
    const header = ['searched for', 'p50 ms', 'p95 ms', 'found', "ILIKE '%..%' p50 ms", 'p95 ms', 'found'];
    const worst = Math.max(...all.map(({ p95 }) => p95));
    const limit = { what: 'the slowest kind, p95', value: worst, unit: 'ms', peer: 'target', peerValue: target };
    const tables = [
      formatRows(header, rows),
      formatTable([limit]),
      await measureWrites(platform.url, database.ownerUrl),
    ];
    return `Search over 100,000 records of two tenants, through /graphql\n\n${tables.join('\n')}`;
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
