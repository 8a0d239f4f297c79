import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Client, type ClientOptions, createClient, type OperationFailed } from '../../clients/sdk/index.ts';
import { eventually } from '../support/eventually.ts';
import { type SyncStandIn, startSyncStandIn } from '../support/sync-stand-in.ts';

const changesOf = /* GraphQL */ `
  subscription ($entities: [String!], $after: Cursor) {
    changes(entities: $entities, after: $after) {
      ... on ChangeBatch { from to changes { entityId } }
      ... on Resync { reason from }
    }
  }
`;
const ticks = 'subscription { ticks }';

interface ChangesData {
  readonly changes: { readonly changes?: readonly { readonly entityId: string }[] };
}

const hasty = { firstMs: 1, mostMs: 20 };

/** Pauses that nobody may wait for. */
function bePatient() {
  jest.spyOn(Math, 'random').mockReturnValue(1);
  return { firstMs: 600_000, mostMs: 600_000 };
}

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
  jest.restoreAllMocks();
  jest.useRealTimers();
  server.mishaps.length = 0;
  for (const client of clients) await client.close();
});

function open(options: Partial<ClientOptions> = {}): Client {
  const client = createClient({ url: server.url, key: 'key', app: 'web', backoff: hasty, ...options });
  clients.push(client);
  return client;
}

/** A feed that has begun. */
async function follow(client: Client, entity: string) {
  const feed = client.subscribe<ChangesData>(changesOf, { entities: [entity] });
  await feed.next();
  return feed;
}

/** Time passes only when it is told to: half of the time that a server may be silent, until it was pinged. */
function fakeIntervals() {
  jest.useFakeTimers({
    doNotFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
  });
  return async (pinged: SyncStandIn) => {
    const before = pinged.pings;
    jest.advanceTimersByTime(15_000);
    await eventually(() => pinged.pings > before);
  };
}

const idsOf = ({ value }: IteratorResult<{ data: ChangesData }>) =>
  (value.data.changes.changes ?? []).map(({ entityId }: { entityId: string }) => entityId);

describe('whoever has had enough', () => {
  test('ends a subscription by a signal, whether it resumes or not, and the server hears of it', async () => {
    const client = open();
    for (const text of [changesOf, ticks]) {
      const leaving = new AbortController();
      const feed = client.subscribe(text, {}, { signal: leaving.signal });
      await feed.next();
      const waiting = feed.next();
      leaving.abort();
      expect(await waiting).toEqual({ value: undefined, done: true });
      await eventually(() => server.running === 0);
      const late = client.subscribe(text, {}, { signal: leaving.signal });
      expect(await late.next()).toEqual({ value: undefined, done: true });
    }
  });

  test('breaks a request off by a signal, also between two attempts, and gets the reason of the signal', async () => {
    const reason = new Error('The page was left.');
    await expect(open().query('{ hello }', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const leaving = new AbortController();
    server.mishaps.push('request lost');
    const query = open({ backoff: bePatient() }).query('{ hello }', {}, { signal: leaving.signal });
    await eventually(() => server.mishaps.length === 0);
    leaving.abort(reason);
    await expect(query).rejects.toBe(reason);
  });

  test('closes the client, and nobody waits for it any more', async () => {
    const client = open({ backoff: bePatient() });
    const plain = client.subscribe(ticks);
    await plain.next();
    server.refusedFeeds.set('Busy', 'RATE_LIMITED');
    const busy = client.subscribe(changesOf, { entities: ['Busy'] }).next();
    await eventually(() => !server.refusedFeeds.has('Busy') && server.running === 1);
    server.mishaps.push('request lost');
    const query = client.query('{ hello }');
    await eventually(() => server.mishaps.length === 0);
    const ends = [plain.next(), busy, query].map((end) => expect(end).rejects.toMatchObject({ code: 'CLOSED' }));
    await client.close();
    await Promise.all(ends);
    await expect(client.subscribe(changesOf).next()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(client.query('{ hello }')).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('a token', () => {
  test('that cannot be had now is asked for again, and no edit is lost by it', async () => {
    let refusals = 3;
    const token = async () => {
      refusals -= 1;
      if (refusals >= 0) throw new Error('The identity provider does not answer.');
      return 'had';
    };
    const client = open({ key: undefined, token });
    const failures: OperationFailed[] = [];
    client.on('failure', (failure) => failures.push(failure));
    const sync = await client.sync(['Person']);
    await sync.put('Person', 'p1', { name: 'Ada' });
    await eventually(() => sync.pending === 0);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['NO_TOKEN']));
    expect(server.log.filter(({ entityId }) => entityId === 'p1')).toHaveLength(1);

    refusals = Number.POSITIVE_INFINITY;
    const query = open({ key: undefined, token, attempts: 2 }).query('{ hello }');
    await expect(query).rejects.toMatchObject({
      code: 'NO_TOKEN',
      message: 'There is no token: The identity provider does not answer.',
    });
  });

  test('that the server refuses is named to whoever gives tokens, so that another is given', async () => {
    const asked: (string | undefined)[] = [];
    let kept = 'old';
    const token = (refused?: string) => {
      asked.push(refused);
      if (refused === kept) kept = 'new';
      return kept;
    };
    const client = open({ key: undefined, token });
    const feed = await follow(client, 'Renewed');
    server.expireTokens();
    expect((await client.query('{ hello }')).data).toEqual({ hello: 'hello undefined' });
    expect(asked).toContain('old');
    server.change('Renewed', 'n1', {});
    expect(idsOf(await feed.next())).toEqual(['n1']);

    const stubborn = open({ key: undefined, token: () => 'old' });
    await expect(stubborn.query('{ hello }')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(follow(stubborn, 'Renewed')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('that was refused for good is told with the code that the server gives as its reason', async () => {
    const client = open();
    const feed = await follow(client, 'Reason');
    server.breakSockets(4403, 'UNAUTHENTICATED: The key was revoked.');
    await expect(feed.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'The key was revoked.' });
  });
});

describe('a connection', () => {
  test('goes on after a close that is no refusal, as one for being too slow', async () => {
    const feed = await follow(open(), 'Slow');
    server.breakSockets(4008, 'Too slow');
    server.change('Slow', 's1', {});
    expect(idsOf(await feed.next())).toEqual(['s1']);
  });

  test('is not taken for dead because the clock jumps or nothing happens', async () => {
    const passTime = fakeIntervals();
    const feed = open().subscribe(ticks);
    await feed.next();
    for (const tick of [2, 3]) {
      jest.setSystemTime(tick * 86_400_000_000);
      await passTime(server);
      server.change('Tick', `t${tick}`, {});
      expect((await feed.next()).value.data).toEqual({ ticks: tick });
    }
  });

  test('that the runtime does not open is told, and not tried for ever', async () => {
    class Forbidden {
      constructor() {
        throw new Error('A page of https opens no ws.');
      }
    }
    const client = open({ WebSocket: Forbidden as unknown as typeof WebSocket });
    for (const text of [changesOf, ticks]) {
      await expect(client.subscribe(text).next()).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: 'A page of https opens no ws.',
      });
    }
  });

  test('to a server that has fallen silent is given up', async () => {
    const silent = await startSyncStandIn();
    const passTime = fakeIntervals();
    const feed = open({ url: silent.url }).subscribe(ticks);
    await feed.next();
    silent.mute();
    await passTime(silent);
    jest.advanceTimersByTime(15_000);
    await expect(feed.next()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await silent.stop();
  });
});

describe('what stands in between', () => {
  test('a gate that wants a login refuses no edit: it is sent when the network is one again', async () => {
    const client = open();
    const sync = await client.sync(['Guest']);
    await eventually(() => sync.loaded);
    const failures: OperationFailed[] = [];
    client.on('failure', (failure) => failures.push(failure));
    server.mishaps.push({ status: 200, text: '<html>Welcome to the airport</html>' });
    await sync.put('Guest', 'g1', { name: 'Ada' });
    await eventually(() => failures.length > 0);
    expect(failures.map(({ code }) => code)).toEqual(['NOT_GRAPHQL']);
    expect([sync.pending, sync.refused()]).toEqual([1, []]);
    sync.retry();
    await eventually(() => sync.pending === 0);
  });

  test('a proxy that takes no large request gets the edits one by one, and one that is too large by itself is refused', async () => {
    const client = open();
    const sync = await client.sync(['Large']);
    await eventually(() => sync.loaded);
    client.goOffline();
    server.mostBytes = 2_000;
    for (const [id, size] of [
      ['l1', 900],
      ['l2', 900],
      ['l3', 3_000],
      ['l4', 900],
    ] as const) {
      await sync.put('Large', id, { name: 'x'.repeat(size) });
    }
    client.goOnline();
    await eventually(() => sync.pending === 0);
    server.mostBytes = Number.POSITIVE_INFINITY;
    expect(sync.refused()).toMatchObject([{ entityId: 'l3', code: 'OPERATION_LIMIT_EXCEEDED' }]);
    expect(server.log.filter(({ entity }) => entity === 'Large').map(({ entityId }) => entityId)).toEqual([
      'l1',
      'l2',
      'l4',
    ]);
  });

  test('a listener that fails is told of as a fault of the program, and holds up nothing', async () => {
    const reportError = jest.fn();
    Object.assign(globalThis, { reportError });
    const client = open();
    client.on('records', () => {
      throw new Error('A fault in the page');
    });
    const sync = await client.sync(['Shown']);
    await sync.put('Shown', 's1', { name: 'Ada' });
    await eventually(() => sync.pending === 0 && sync.get('Shown', 's1')?.version === 1);
    expect(reportError).toHaveBeenCalledWith(new Error('A fault in the page'));
    Object.assign(globalThis, { reportError: undefined });
  });
});
