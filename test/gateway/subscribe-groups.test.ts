import { beforeEach, describe, expect, test } from '@jest/globals';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal } from '../../kernel/tenancy/principal.ts';
import { eventually } from '../support/eventually.ts';
import { createLogSubgraph, type LogSubgraph, logTypes } from '../support/federation/event-log.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';
import {
  createSubscribingPipeline,
  type Follower,
  type SubscribingPipeline,
} from '../support/federation/subscribing-pipeline.ts';

const users = createTestSubgraph(
  'users',
  'type Query { x: Int } type User @key(fields: "id") { id: ID!  name: String }',
  { User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `User ${id}` }) } },
);

const selection = '__typename ... on EntryBatch { entries { text author { name } } } ... on Resync { reason }';
const document = `subscription ($after: Cursor, $room: String) { entries(after: $after, room: $room) { ${selection} } }`;

let log: LogSubgraph;
let pipeline: SubscribingPipeline;
let followers: Follower[];

async function follow(...args: Parameters<SubscribingPipeline['follow']>): Promise<Follower> {
  const follower = await pipeline.follow(...args);
  followers.push(follower);
  return follower;
}

/** Follows from a cursor on; null from now on. */
const followFrom = (after: string | null, options: Parameters<SubscribingPipeline['follow']>[1] = {}) =>
  follow(document, { ...options, variables: { ...options.variables, after } });

/** The texts of all entries that a follower was told of, in order. */
function told({ answers }: Follower): readonly string[] {
  return answers.flatMap(({ data }) => {
    const { entries } = data.toJSON() as { entries: { entries?: readonly { text: string }[] } };
    return (entries.entries ?? []).map(({ text }) => text);
  });
}

const entry = (text: string) => ({ text, author: { id: '1' } });

beforeEach(() => {
  log = createLogSubgraph();
  pipeline = createSubscribingPipeline([log, users]);
  followers = [];
  users.requests.length = 0;
});

describe('those who follow the same from the same cursor on', () => {
  test('share one source, one fetch for each event, and one text of each answer', async () => {
    const all = await Promise.all(['c0', 'c0', 'c0', 'c0'].map((after) => followFrom(after)));
    log.append(entry('one'), entry('two'));
    await Promise.all(all.map((one) => one.count(2)));
    expect([log.sources.length, users.requests.length]).toEqual([1, 2]);
    expect(new Set(all.map(({ answers }) => answers[1])).size).toBe(1);
    expect(all[0]?.answers[0]?.text).toBe(
      '{"data":{"entries":{"__typename":"EntryBatch","entries":[{"text":"one","author":{"name":"User 1"}}]}}}',
    );
    for (const one of all.slice(1)) one.leave();
    expect(log.followed).toBe(1);
    log.append(entry('three'));
    await all[0]?.count(3);
    all[0]?.leave();
    expect(log.followed).toBe(0);
  });

  test('come together when one has caught up with the other', async () => {
    log.append(entry('one'), entry('two'));
    const first = await followFrom('c2');
    const second = await followFrom('c0');
    await second.count(2);
    expect([log.sources.length, log.followed]).toEqual([2, 1]);
    log.append(entry('three'));
    await Promise.all([first.count(1), second.count(3)]);
    expect([told(first), told(second)]).toEqual([['three'], ['one', 'two', 'three']]);
    expect(first.answers[0]).toBe(second.answers[2]);
  });

  test('come together though each began at its own time', async () => {
    const first = await followFrom(null);
    await first.count(1);
    const second = await followFrom(null);
    await second.count(1);
    expect(log.followed).toBe(1);
    log.append(entry('one'));
    await Promise.all([first.count(2), second.count(2)]);
    expect(first.answers[1]).toBe(second.answers[1]);
  });

  test.each([
    ['in the document', 'subscription { entries(after: "c1") { ... on EntryBatch { entries { text } } } }', {}],
    [
      'with an alias, a fragment and a variable',
      `subscription ($from: Cursor = "c1") { again: entries(after: $from) { ...Batch } }
       fragment Batch on EntryBatch { from to entries { text } }`,
      {},
    ],
    ['without any', 'subscription { entries { __typename ... on EntryBatch { entries { text } } } }', undefined],
  ])('are resumed with the cursor %s', async (_, text, variables) => {
    log.append(entry('one'));
    const follower = await follow(text, variables && { variables });
    if (!variables) await follower.count(1);
    log.append(entry('two'));
    await follower.count(variables ? 1 : 2);
    log.sources[0]?.fail(new Error('broken pipe'));
    log.append(entry('three'));
    await follower.count(variables ? 2 : 3);
    expect(log.sources.map(({ after }) => after)).toEqual([variables ? 'c1' : null, 'c2']);
  });
});

test('who begins where others arrive before there is a source goes on with theirs', async () => {
  const opening = Promise.withResolvers<void>();
  const slow = createLogSubgraph();
  // The second source takes its time.
  const subscribe: typeof slow.subscribe = async (request) => {
    const opened = slow.subscribe(request);
    if (request.variables.panoramaAfter === 'c1') await opening.promise;
    return opened;
  };
  pipeline = createSubscribingPipeline([{ ...slow, subscribe }, users]);
  const first = await followFrom('c0');
  const joining = followFrom('c1');
  slow.append(entry('one'));
  await first.count(1);
  const second = await joining;
  slow.append(entry('two'));
  await Promise.all([first.count(2), second.count(1)]);
  opening.resolve();
  expect([told(first), told(second)]).toEqual([['one', 'two'], ['two']]);
  expect(first.answers[1]).toBe(second.answers[0]);
});

test.each([5, true, ['c1'], { cursor: 'c1' }])('nobody follows from now on who says %j for a cursor', async (after) => {
  await expect(follow(document, { variables: { after } })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  const inDocument = `subscription { entries(after: ${JSON.stringify(after).replace('"cursor"', 'cursor')}) { ${selection} } }`;
  await expect(follow(inDocument)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  expect(log.sources).toEqual([]);
});

describe('nothing is shared', () => {
  const principal = (tenant: string, permissions: readonly string[] = ['*'], userId?: string): Principal =>
    createPrincipal({ tenantId: parseTenantId(tenant), app: 'web', credentialId: 'key', userId, permissions });

  test.each([
    ['tenants', { principal: principal('acme') }, { principal: principal('globex') }],
    ['permissions', { principal: principal('acme') }, { principal: principal('acme', ['read:leads']) }],
    ['users', { principal: principal('acme', ['*'], 'ada') }, { principal: principal('acme', ['*'], 'bob') }],
    ['headers', { forwardedHeaders: { a: '1' } }, { forwardedHeaders: { a: '2' } }],
    ['variables', { variables: { room: 'hall' } }, { variables: { room: 'attic' } }],
  ])('between different %s, not when they come to the same cursor either', async (_, one, other) => {
    const first = await followFrom('c0', one);
    const second = await followFrom('c0', other);
    log.append(entry('one'));
    await Promise.all([first.count(1), second.count(1)]);
    log.sources[0]?.fail(new Error('broken pipe'));
    log.append(entry('two'));
    await Promise.all([first.count(2), second.count(2)]);
    expect(log.followed).toBe(2);
    expect(users.requests).toHaveLength(4);
    const seen = log.sources.map(({ request: { context, variables } }) => [
      context.principal,
      context.forwardedHeaders,
      variables.room,
    ]);
    const asked = [one, other, one].map((by) => {
      const { principal: who, forwardedHeaders, variables } = by as Parameters<typeof followFrom>[1] & object;
      return [who, forwardedHeaders, variables?.room];
    });
    expect(seen).toEqual(asked);
    expect(first.answers[0]).not.toBe(second.answers[0]);
  });

  test('between equal ones of fields without cursors: each has a source of its own', async () => {
    let opened = 0;
    const noisy = createLogSubgraph(undefined, {
      Subscription: {
        noises: {
          async *subscribe() {
            opened += 1;
            yield { noises: `number ${opened}` };
          },
        } as never,
      },
    });
    pipeline = createSubscribingPipeline([noisy, users]);
    const both = [await follow('subscription { noises }'), await follow('subscription { noises }')];
    expect(await Promise.all(both.map(({ end }) => end))).toEqual([[], []]);
    expect(both.map(({ answers }) => answers.map(({ text }) => text))).toEqual([
      ['{"data":{"noises":"number 1"}}'],
      ['{"data":{"noises":"number 2"}}'],
    ]);
  });
});

describe('a source that breaks off', () => {
  test('is opened again where it was: nothing is lost, and nothing comes twice', async () => {
    const both = [await followFrom('c0'), await followFrom('c0')];
    for (let number = 0; number < 12; number += 1) {
      log.append(entry(`${number}`));
      await Promise.all(both.map((one) => one.count(number + 1)));
      if (number % 3 === 0) log.sources.at(-1)?.fail(new Error('broken pipe'));
    }
    const texts = Array.from({ length: 12 }, (_, number) => `${number}`);
    expect(both.map(told)).toEqual([texts, texts]);
    expect([log.followed, users.requests.length]).toEqual([1, 12]);
  });

  test('is asked for again and again, while what is wrong may pass', async () => {
    const follower = await followFrom('c0');
    const refused = log.refuseWith(new PanoramaError('SUBGRAPH_UNAVAILABLE', 'The data are away.'));
    log.sources[0]?.fail(new Error('broken pipe'));
    log.append(entry('one'));
    await refused;
    log.admit();
    await follower.count(1);
    expect(told(follower)).toEqual(['one']);
  });

  test('is asked again for an event that it has and cannot read', async () => {
    let isAway = false;
    log = createLogSubgraph(logTypes, {
      EntryBatch: {
        entries({ entries }: { entries: unknown }) {
          if (isAway) throw new PanoramaError('SUBGRAPH_UNAVAILABLE', 'The data are away.');
          return entries;
        },
      },
    });
    pipeline = createSubscribingPipeline([log, users]);
    const follower = await followFrom('c0');
    log.append(entry('one'));
    await follower.count(1);
    isAway = true;
    log.append(entry('two'));
    await eventually(() => log.sources.length > 2);
    isAway = false;
    log.append(entry('three'));
    await follower.count(3);
    expect(told(follower)).toEqual(['one', 'two', 'three']);
    expect(follower.answers.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('ends all who follow it, where the subgraph says that they may not go on', async () => {
    const both = [await followFrom('c0'), await followFrom('c0')];
    void log.refuseWith(new PanoramaError('FORBIDDEN', 'Not any more.'));
    log.sources[0]?.fail(new Error('broken pipe'));
    for (const one of both)
      expect(await one.end).toMatchObject([{ message: 'Not any more.', extensions: { code: 'FORBIDDEN' } }]);
    await expect(followFrom('c0')).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    log.admit();
    const cursor = await followFrom('c0');
    log.sources.at(-1)?.fail(new PanoramaError('CURSOR_INVALID', 'No cursor.'));
    expect(await cursor.end).toMatchObject([{ extensions: { code: 'CURSOR_INVALID' } }]);
  });

  test('has nothing to say after it has asked for a new start', async () => {
    log.append(entry('one'), entry('two'));
    log.forgetBefore(1);
    const follower = await followFrom('c0');
    expect(await follower.end).toEqual([]);
    expect(follower.answers.map(({ text }) => text)).toEqual([
      '{"data":{"entries":{"__typename":"Resync","reason":"CURSOR_EXPIRED"}}}',
    ]);
    expect(log.followed).toBe(0);
  });
});

describe('a follower that does not keep up', () => {
  test('holds up nobody, keeps nothing but its cursor, and goes on from there', async () => {
    const quick = await followFrom('c0');
    const slow = await followFrom('c0');
    slow.pause();
    for (let number = 0; number < 20; number += 1) {
      log.append(entry(`${number}`));
      await quick.count(number + 1);
    }
    expect([slow.answers.length, log.sources.length]).toEqual([1, 1]);
    slow.resume();
    await slow.count(20);
    expect(told(slow)).toEqual(told(quick));
    expect([log.sources[1]?.after, log.followed]).toEqual(['c1', 1]);
    log.append(entry('last'));
    await Promise.all([quick.count(21), slow.count(21)]);
    expect(slow.answers[20]).toBe(quick.answers[20]);
  });

  test('has its source wait where it is alone', async () => {
    const slow = await followFrom('c0');
    slow.pause();
    log.append(entry('one'));
    await slow.count(1);
    log.append(entry('two'), entry('three'));
    slow.resume();
    await slow.count(3);
    expect([told(slow), log.sources.length]).toEqual([['one', 'two', 'three'], 1]);
  });

  test('may leave while it stands alone, or go with its request', async () => {
    const client = new AbortController();
    const quick = await followFrom('c0');
    const slow = await followFrom('c0');
    const gone = await followFrom('c0', { signal: client.signal });
    for (const one of [slow, gone]) one.pause();
    log.append(entry('one'), entry('two'));
    await quick.count(2);
    client.abort();
    expect(await gone.end).toEqual([]);
    slow.leave();
    for (const one of [slow, gone]) one.resume();
    quick.leave();
    expect([log.sources.length, log.followed, slow.ended]).toEqual([1, 0, undefined]);
  });
});
