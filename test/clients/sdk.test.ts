import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TypedDocumentNode } from '@apollo/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { transitions } from '../../clients/sdk/connection-state.ts';
import { textOf } from '../../clients/sdk/document.ts';
import { type Client, type ClientOptions, createClient, createMemoryStorage } from '../../clients/sdk/index.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../support/source-files.ts';
import { type StandInChange, type SyncStandIn, startSyncStandIn } from '../support/sync-stand-in.ts';

const changesOf = /* GraphQL */ `
  subscription ($entities: [String!], $after: Cursor) {
    changes(entities: $entities, after: $after) {
      __typename
      ... on ChangeBatch { from to changes { entityId version } }
      ... on Resync { reason from }
    }
  }
`;

interface ChangesData {
  readonly changes: { readonly __typename: string; readonly changes?: readonly Pick<StandInChange, 'entityId'>[] };
}

const run = promisify(execFile);
const hasty = { firstMs: 1, mostMs: 20 };

let server: SyncStandIn;
let clients: Client[];

beforeAll(async () => {
  server = await startSyncStandIn();
});

afterAll(() => server.stop());

beforeEach(() => {
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.close();
});

function open(options: Partial<ClientOptions> = {}): Client {
  const client = createClient({ url: server.url, key: 'key', app: 'web', backoff: hasty, ...options });
  clients.push(client);
  return client;
}

/** Reads changes until there are so many, or until the reader has seen enough. */
async function readChanges(feed: AsyncIterable<{ data: ChangesData }>, count: number, each?: (ids: string[]) => void) {
  const ids: string[] = [];
  if (count === 0) return ids;
  for await (const { data } of feed) {
    ids.push(...(data.changes.changes ?? []).map(({ entityId }) => entityId));
    each?.(ids);
    if (ids.length >= count) break;
  }
  return ids;
}

describe('a client', () => {
  test('asks as whoever it is, and sends a parsed document as well as a text', async () => {
    const client = open({ key: 'pk_1' });
    expect((await client.query('{ hello }')).data).toEqual({ hello: 'hello pk_1' });
    expect((await client.query(parse('{ hello }', { noLocation: true }))).data).toEqual({ hello: 'hello pk_1' });
  });

  test('is there as JavaScript by the name of the package', async () => {
    const script = `
      import { createClient } from 'panorama/sdk';
      import { openFileStorage } from 'panorama/sdk/node';
      import { apolloRequests } from 'panorama/sdk/apollo';
      import { urqlForwarding } from 'panorama/sdk/urql';
      const client = createClient({ url: '${server.url}', key: 'pk_2' });
      const { data } = await client.query('{ hello }');
      console.log(data.hello, [openFileStorage, apolloRequests, urqlForwarding].map((one) => typeof one).join());
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: root });
    expect(stdout.trim()).toBe('hello pk_2 function,function,function');
  });

  test('knows the types of a document that has them', async () => {
    const typed = parse('{ hello }') as TypedDocumentNode<{ hello: string }, Record<string, never>>;
    const { data } = await open().query(typed);
    expect(data.hello.length).toBeGreaterThan(0);
  });

  test('says what is wrong, with the code of the error', async () => {
    await expect(open().query('{ nothing }')).rejects.toMatchObject({ name: 'OperationFailed', code: 'INTERNAL' });
    await expect(open({ attempts: 1, url: 'http://127.0.0.1:9/graphql' }).query('{ hello }')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  test('sends a mutation again when its answer is lost, under the same key, so that it counts once', async () => {
    server.mishaps.push('request lost', 'answer lost', 'answer lost');
    const before = server.counted;
    await open().mutate('mutation { count }');
    expect(server.counted).toBe(before + 1);
    expect(new Set(server.keysSeen.slice(-3)).size).toBe(1);
  });

  test('prints any operation as graphql-js reads it', () => {
    const text = `
      query Find($id: ID! = "a\\"b", $list: [Int!] = [1, 2], $one: In = {a: null, b: {c: RED}}) @tag(name: "q") {
        me: customer(id: $id, on: true, ratio: 1.5e3) @include(if: $yes) { ...Parts ... on Person @skip(if: false) { name } ... { id } }
      }
      fragment Parts on Customer { id emails(first: 3) { nodes { id } } }
    `;
    const parsed = parse(text, { noLocation: true });
    expect(print(parse(textOf(parsed)))).toBe(print(parsed));
  });

  test('knows what follows from everything that can happen to a connection', () => {
    for (const row of Object.values(transitions)) {
      expect(row.closed).toBe('closed');
      expect(Object.values(row).every((state) => state in transitions)).toBe(true);
    }
    expect(Object.values(transitions.closed).every((state) => state === 'closed')).toBe(true);
  });
});

describe('a subscription', () => {
  test('goes on where it was, in order and once, however often the connection breaks', async () => {
    const client = open();
    const feed = client.subscribe<ChangesData>(changesOf, { entities: ['Order'] });
    await feed.next();
    const expected = Array.from({ length: 40 }, (_, index) => `o${index}`);
    let made = 0;
    const make = () => server.change('Order', expected[made++] ?? '', { made });
    make();
    const ids = await readChanges(feed, expected.length, (seen) => {
      if (seen.length % 3 === 0) server.breakSockets();
      if (made < expected.length) make();
    });
    expect(ids).toEqual(expected);
  });

  test('does not hand over a batch that begins elsewhere, and reads it again', async () => {
    const feed = open().subscribe<ChangesData>(changesOf, { entities: ['Gap'] });
    await feed.next();
    server.gaps.set('Gap', 1);
    server.change('Gap', 'g1', {});
    server.change('Gap', 'g2', {});
    expect(await readChanges(feed, 2)).toEqual(['g1', 'g2']);
  });

  test('tells that it cannot resume when the batches never join', async () => {
    const feed = open().subscribe<ChangesData>(changesOf, { entities: ['Rift'] });
    await feed.next();
    server.gaps.set('Rift', 3);
    server.change('Rift', 'r1', {});
    await expect(feed.next()).rejects.toMatchObject({ code: 'NOT_RESUMABLE' });
  });

  test('goes on in another client that was given the same storage, after what was taken in', async () => {
    const storage = createMemoryStorage();
    const kept = { ...storage, close: async () => undefined };
    const first = open({ storage: kept });
    const before = first.subscribe<ChangesData>(changesOf, { entities: ['Visit'] }, { resumeAs: 'visits' });
    await before.next();
    server.change('Visit', 'v1', {});
    expect(await readChanges({ [Symbol.asyncIterator]: () => before }, 1)).toEqual(['v1']);
    await first.close();
    server.change('Visit', 'v2', {});
    const after = open({ storage: kept }).subscribe<ChangesData>(
      changesOf,
      { entities: ['Visit'] },
      { resumeAs: 'visits' },
    );
    // The loop over v1 was left without asking for more, so whether it was taken in is not known: it comes again.
    expect(await readChanges(after, 2)).toEqual(['v1', 'v2']);
  });

  test('hands a lost past over as such and goes on behind it', async () => {
    server.change('Past', 'p1', {});
    server.forget();
    const feed = open().subscribe<ChangesData>(changesOf, { entities: ['Past'] }, { after: 'c0' });
    expect((await feed.next()).value.data.changes.__typename).toBe('Resync');
    server.change('Past', 'p2', {});
    expect(await readChanges(feed, 1)).toEqual(['p2']);
  });

  test('keeps little for a consumer that is slow, and skips nothing', async () => {
    const first = server.log.length;
    for (let number = 0; number < 15_000; number += 1) server.change('Bulk', `b${number}`, {});
    const feed = open().subscribe<ChangesData>(changesOf, { entities: ['Bulk'] }, { after: `c${first}` });
    const ids = await readChanges(feed, 15_000);
    expect(ids).toEqual(Array.from({ length: 15_000 }, (_, number) => `b${number}`));
  });

  test('goes on with a new token when the one it began with is over, and ends when there is none', async () => {
    const tokens = ['first', 'second', 'second'];
    const client = open({ key: undefined, token: () => tokens.shift() ?? 'second' });
    const feed = client.subscribe<ChangesData>(changesOf, { entities: ['Token'] });
    await feed.next();
    server.expireTokens();
    server.change('Token', 't1', {});
    expect(await readChanges(feed, 1)).toEqual(['t1']);

    const again = client.subscribe<ChangesData>(changesOf, { entities: ['Token'] });
    await again.next();
    server.expireTokens();
    await expect(again.next()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('ends with the reason when its key is revoked', async () => {
    const feed = open().subscribe<ChangesData>(changesOf, { entities: ['Token'] });
    await feed.next();
    server.expireTokens();
    await expect(feed.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'The token has expired.' });
  });

  test('that cannot resume ends when the connection breaks, and says so', async () => {
    const feed = open().subscribe('subscription { ticks }');
    expect((await feed.next()).value.data).toEqual({ ticks: 1 });
    server.breakSockets();
    await expect(feed.next()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  test('that selects no cursor is told what is missing', async () => {
    const text = 'subscription ($after: Cursor) { changes(after: $after) { __typename } }';
    await expect(open().subscribe(text).next()).rejects.toMatchObject({ code: 'NOT_RESUMABLE' });
  });

  test('waits while the client is off line, and ends with the client', async () => {
    const client = open();
    const told: boolean[] = [];
    client.on('online', (online) => told.push(online));
    const feed = client.subscribe<ChangesData>(changesOf, { entities: ['Pause'] });
    await feed.next();
    client.goOffline();
    server.change('Pause', 'x1', {});
    await expect(client.query('{ hello }')).rejects.toMatchObject({ code: 'OFFLINE' });
    client.goOnline();
    expect((await feed.next()).value.data.changes.changes).toEqual([{ entityId: 'x1', version: 1 }]);
    await eventually(() => client.online);
    expect(told).toEqual([false, true]);
    await client.close();
    await expect(feed.next()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
