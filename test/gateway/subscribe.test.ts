import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { AdmittedOperation } from '../../gateway/pipeline.ts';
import { iterateAnswers, type LeavableStream, type StreamAnswer } from '../../gateway/subscribe/answers.ts';
import { createSubscriber } from '../../gateway/subscribe/create-subscriber.ts';
import type { Connection, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { streamOperation } from '../../kernel/subgraph/stream-operation.ts';
import { openAnonymousGateway, serveSubgraphs } from '../support/federation/anonymous-gateway.ts';
import { refusing, representationsOf, silent } from '../support/federation/canned.ts';
import { anonymousContext, createTestEngine } from '../support/federation/engine.ts';
import { createEventSource, type EventSource } from '../support/federation/event-source.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

type Message = { readonly text: string | null; readonly author: { readonly id: string } } | null;

let source: EventSource<{ posted: Message }>;

const chat = createTestSubgraph(
  'chat',
  `type Query { rooms: Int }
   type Subscription { posted(room: ID!): Message  closed: String }
   type Message { text: String!  author: User }
   type User @key(fields: "id", resolvable: false) { id: ID! }`,
  {
    Subscription: {
      posted: {
        subscribe: (_: never, { room }: { room: string }) => {
          if (room === 'secret') throw new Error('Not for you.');
          return source;
        },
      },
    } as never,
  },
);

const users = createTestSubgraph(
  'users',
  'type Query { x: Int } type User @key(fields: "id") { id: ID!  name: String }',
  {
    User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `User ${id}` }) },
  },
);

const engine = createTestEngine([chat, users]);

const toChat: SubscribingConnection = ({ document, operationName, variables, context }) =>
  streamOperation(
    {
      schema: chat.schema,
      document: parse(document),
      operationName: operationName ?? null,
      variableValues: variables,
    },
    { createContext: () => context, mask: (error) => error.toJSON(), signal: context.signal },
  );

interface Asked {
  readonly room?: string;
  readonly signal?: AbortSignal;
  readonly eventDeadlineMs?: number;
  readonly users?: Connection;
  readonly chat?: SubscribingConnection;
}

const document = parse('subscription ($room: ID!) { posted(room: $room) { text author { name } } }');

function subscribe({ room = 'hall', signal, eventDeadlineMs = 60_000, ...connections }: Asked = {}) {
  const admitted: AdmittedOperation = {
    plan: engine.plan(document),
    variables: { room },
    served: {
      supergraph: engine.supergraph,
      connections: new Map([['users', connections.users ?? users.execute]]),
      subscribingConnections: new Map([['chat', 'chat' in connections ? (connections.chat as never) : toChat]]),
    },
  };
  const subscriber = createSubscriber({
    current: () => admitted.served,
    readmit: async () => admitted,
    onSubgraphFailure: () => {},
    eventDeadlineMs,
  });
  const context = signal ? { ...anonymousContext, signal } : anonymousContext;
  return subscriber.subscribe(
    { text: '', document, operationName: undefined, variables: {}, context, address: '' },
    admitted,
  );
}

async function started(asked: Asked = {}) {
  const subscription = await subscribe(asked);
  if (subscription.kind !== 'started') throw subscription.errors[0];
  return iterateAnswers(subscription.answers);
}

/** The next answer, as a client reads it. */
async function nextOf(answers: LeavableStream<StreamAnswer>) {
  const { done, value } = await answers.next();
  return done ? 'ended' : { data: value.data.toJSON(), errors: value.errors.map((error) => error.toJSON()) };
}

beforeEach(() => {
  source = createEventSource();
  users.requests.length = 0;
});

describe('a subscription', () => {
  test('answers each event with what other subgraphs know of it', async () => {
    const answers = await started();
    source.push({ posted: { text: 'Hello', author: { id: '1' } } });
    source.push({ posted: { text: 'Bye', author: { id: '2' } } });
    source.end();
    expect(await nextOf(answers)).toEqual({
      data: { posted: { text: 'Hello', author: { name: 'User 1' } } },
      errors: [],
    });
    expect(await nextOf(answers)).toEqual({
      data: { posted: { text: 'Bye', author: { name: 'User 2' } } },
      errors: [],
    });
    expect(await nextOf(answers)).toBe('ended');
    expect(users.requests.map(representationsOf)).toEqual([
      [{ __typename: 'User', id: '1' }],
      [{ __typename: 'User', id: '2' }],
    ]);
  });

  test('asks again for what an event before it was told, and shares no read: it may have changed', async () => {
    const answers = await started();
    for (const text of ['one', 'two']) {
      source.push({ posted: { text, author: { id: '1' } } });
      await nextOf(answers);
    }
    expect(users.requests).toHaveLength(2);
    expect(users.requests.some(({ isShareable }) => isShareable)).toBe(false);
    await answers.return();
  });

  test('leaves events where they are while its reader does not take the answers to those before', async () => {
    const asked = Promise.withResolvers<void>();
    const answers = await started({
      users: (request) => {
        if (representationsOf(request).some((one) => (one as { id: string }).id === '2')) asked.resolve();
        return users.execute(request);
      },
    });
    for (const id of ['1', '2', '3', '4']) source.push({ posted: { text: id, author: { id } } });
    await nextOf(answers);
    await asked.promise;
    expect([source.waiting, users.requests.length]).toEqual([2, 2]);
    await answers.return();
  });

  test.each([
    ['an error of the source', { text: null, author: { id: '1' } }, undefined, ['posted', 'text'], { posted: null }],
    [
      'a subgraph that fails',
      { text: 'Hello', author: { id: '1' } },
      refusing('down'),
      ['posted', 'author', 'name'],
      { posted: { text: 'Hello', author: { name: null } } },
    ],
  ] as const)('tells %s in the answer to the event, and goes on', async (_, message, connection, path, data) => {
    let failing = connection;
    const answers = await started({ users: (request) => (failing ?? users.execute)(request) });
    source.push({ posted: message });
    expect(await nextOf(answers)).toMatchObject({ data, errors: [{ path }] });
    failing = undefined;
    source.push({ posted: { text: 'Again', author: { id: '1' } } });
    expect(await nextOf(answers)).toEqual({
      data: { posted: { text: 'Again', author: { name: 'User 1' } } },
      errors: [],
    });
    await answers.return();
  });

  test('does not trust its events', async () => {
    const events = createEventSource<never>();
    const answers = await started({ chat: async () => events });
    for (const event of ['text', { data: { posted: 'text' } }, { data: { posted: { text: 7 } } }, {}]) {
      events.push(event as never);
      expect(await nextOf(answers)).toMatchObject({ data: { posted: null }, errors: [{}] });
    }
    await answers.return();
  });

  test('answers an event in the time that there is for it, though a subgraph does not', async () => {
    const answers = await started({ eventDeadlineMs: 1, users: silent });
    source.push({ posted: { text: 'Hello', author: { id: '1' } } });
    expect(await nextOf(answers)).toMatchObject({
      data: { posted: { text: 'Hello', author: { name: null } } },
      errors: [{ path: ['posted', 'author', 'name'], extensions: { code: 'DEADLINE_EXCEEDED', app: 'users' } }],
    });
    await answers.return();
  });
});

describe('the end of a subscription', () => {
  test('comes with an error when the source fails', async () => {
    const answers = await started();
    source.fail(new Error('broken pipe at 10.0.0.7'));
    const failure = await answers.next().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: 'The app "chat" does not tell its events.',
      code: 'SUBGRAPH_UNAVAILABLE',
    });
    expect(await nextOf(answers)).toBe('ended');
  });

  test.each([
    ['waits for an event', async () => {}],
    ['has events left', async () => source.push({ posted: null })],
  ])('reaches the source when the reader leaves while it %s', async (_, prepare) => {
    const answers = await started();
    const awaited = nextOf(answers);
    await prepare();
    await answers.return();
    await source.left;
    await awaited;
    expect(await nextOf(answers)).toBe('ended');
  });

  test('is not held up by a source that does not answer', async () => {
    const deaf: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => new Promise(() => {}) }),
    };
    const answers = await started({ chat: async () => deaf });
    const awaited = nextOf(answers);
    await answers.return();
    expect(await awaited).toBe('ended');
  });

  test('reaches the source, and what is fetched for an event, when the request ends', async () => {
    const client = new AbortController();
    const asked = Promise.withResolvers<AbortSignal>();
    const answers = await started({
      signal: client.signal,
      users: ({ context }) => {
        asked.resolve(context.signal);
        return silent(undefined as never);
      },
    });
    source.push({ posted: { text: 'Hello', author: { id: '1' } } });
    const awaited = nextOf(answers);
    const fetching = await asked.promise;
    client.abort();
    await source.left;
    expect(await awaited).toBe('ended');
    expect(fetching.aborted).toBe(true);
  });
});

test('a POST with a subscription is told of the doors for it', async () => {
  const gateway = await openAnonymousGateway(serveSubgraphs([chat, users]));
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'subscription { posted(room: "hall") { text } }' }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    errors: [{ message: expect.stringContaining('WebSocket'), extensions: { code: 'BAD_USER_INPUT' } }],
  });
  await gateway.stop();
});

describe('a subscription that does not begin', () => {
  test('gives the errors of the subgraph that refuses it', async () => {
    const refused = await subscribe({ room: 'secret' });
    expect(refused.kind).toBe('refused');
    expect('errors' in refused && refused.errors.map((error) => error.toJSON())).toMatchObject([
      { message: 'Not for you.', path: ['posted'], extensions: { app: 'chat' } },
    ]);
  });

  test.each([
    ['cannot be reached', async () => Promise.reject(new Error('ECONNREFUSED'))],
    ['answers nonsense', async () => ({}) as never],
    ['has no way to be subscribed to', undefined as never],
  ] as const)('is told when the subgraph %s', async (_, connection) => {
    expect(await subscribe({ chat: connection as SubscribingConnection })).toMatchObject({
      kind: 'refused',
      errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
    });
  });

  test('because the client has gone is ended at the subgraph, should it begin after all', async () => {
    const client = new AbortController();
    const opening = Promise.withResolvers<EventSource<never>>();
    const refused = subscribe({ signal: client.signal, chat: () => opening.promise });
    client.abort();
    expect(await refused).toMatchObject({ kind: 'refused' });
    const late = createEventSource<never>();
    opening.resolve(late);
    await late.left;
  });
});
