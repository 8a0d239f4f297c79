import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket, WebSocketServer } from 'ws';
import { connectSubscriptions } from '../../gateway/connections/connect-subscriptions.ts';
import type { SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { subscriptionText } from '../../kernel/subgraph/subscription-call.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner, createCallVerifier, subgraphTokenHeader } from '../../kernel/tenancy/subgraph-token.ts';
import { secretOfTests } from '../support/call-app.ts';
import { eventually } from '../support/eventually.ts';
import { createLogSubgraph, type LogSubgraph } from '../support/federation/event-log.ts';
import {
  type SocketSubgraph,
  serveSockets,
  serveToAll,
  serveToSigners,
} from '../support/federation/socket-subgraph.ts';
import { createSubscribingPipeline, type Follower } from '../support/federation/subscribing-pipeline.ts';

const document = 'subscription ($after: Cursor) { entries(after: $after) { ... on EntryBatch { entries { text } } } }';
const verify = createCallVerifier(secretOfTests, 'log');
const principalOf = (tenant: string) =>
  createPrincipal({
    tenantId: parseTenantId(tenant),
    app: 'web',
    credentialId: 'key',
    userId: undefined,
    permissions: ['*'],
  });

let log: LogSubgraph;
let served: SocketSubgraph;

beforeEach(() => {
  const subscribe = () => {
    throw new Error('Nothing to hear.');
  };
  log = createLogSubgraph(undefined, { Subscription: { noises: { subscribe } as never } });
});
afterEach(() => served.stop());

interface Reach {
  readonly tokenSecret?: string;
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
  readonly forwardHeaders?: readonly string[];
}

/** The pipeline of a gateway that reaches the log over sockets. */
function pipelineTo({ url }: SocketSubgraph, reach: Reach = { tokenSecret: secretOfTests }) {
  const options = { forwardHeaders: [], timeoutMs: 60_000, maxAnswerBytes: 100_000, ...reach };
  const subgraphs = new Map([['log', { name: 'log', url }]]);
  const connections = connectSubscriptions({ subgraphs } as never, () => options);
  return createSubscribingPipeline([{ ...log, subscribe: connections.get('log') as SubscribingConnection }]);
}

function told({ answers }: Follower): readonly string[] {
  return answers.flatMap(({ data }) => {
    const { entries } = data.toJSON() as { entries: { entries: readonly { text: string }[] } };
    return entries.entries.map(({ text }) => text);
  });
}

const entry = (text: string) => ({ text, author: { id: '1' } });
const many = (count: number) => Array.from({ length: count }, (_, number) => entry(`${number}`));

describe('subscriptions of a subgraph of ours', () => {
  beforeEach(async () => {
    served = await serveToSigners(log, verify);
  });

  test('share a socket, each by its own token, and take it with them', async () => {
    const pipeline = pipelineTo(served);
    const tenants = ['acme', 'globex', 'acme'];
    const followers = await Promise.all(
      tenants.map((tenant, index) =>
        pipeline.follow(document, {
          variables: { after: `c${index === 2 ? 1 : 0}` },
          principal: principalOf(tenant),
          correlationId: `of-${tenant}`,
        }),
      ),
    );
    log.append(entry('one'), entry('two'));
    await Promise.all(followers.map((one, index) => one.count(index === 2 ? 1 : 2)));
    expect(followers.map(told)).toEqual([['one', 'two'], ['one', 'two'], ['two']]);
    expect(served.opened).toHaveLength(1);
    const seen = log.sources.map(({ request: { context } }) => [context.principal?.tenantId, context.correlationId]);
    expect(seen.sort()).toEqual([
      ['acme', 'of-acme'],
      ['acme', 'of-acme'],
      ['globex', 'of-globex'],
    ]);
    const closed = new Promise((resolve) => served.opened[0]?.socket.once('close', resolve));
    for (const one of followers) one.leave();
    await closed;
    await eventually(() => log.followed === 0);
  });

  test('go on where they were when the socket breaks off', async () => {
    const pipeline = pipelineTo(served);
    const follower = await pipeline.follow(document, { variables: { after: 'c0' }, principal: principalOf('acme') });
    for (let number = 0; number < 4; number += 1) {
      log.append(entry(`${number}`));
      await follower.count(number + 1);
      served.cut();
    }
    expect(told(follower)).toEqual(['0', '1', '2', '3']);
    follower.leave();
  });

  test('are not gathered here for a reader that does not read', async () => {
    const pipeline = pipelineTo(served);
    const follower = await pipeline.follow(document, { variables: { after: 'c0' }, principal: principalOf('acme') });
    follower.pause();
    log.append(...many(1_000));
    await follower.count(1);
    await eventually(() => log.followed === 0);
    follower.resume();
    await follower.count(1_000);
    expect(told(follower)).toEqual(many(1_000).map(({ text }) => text));
    follower.leave();
  });

  test('are refused with what the subgraph says', async () => {
    const pipeline = pipelineTo(served);
    const follower = await pipeline.follow('subscription { noises }', { principal: principalOf('acme') });
    expect(await follower.end).toMatchObject([{ message: 'Nothing to hear.', extensions: { app: 'log' } }]);
  });

  const sign = createCallSigner(secretOfTests, 'log');
  const call = { principal: principalOf('acme'), correlationId: 'one' };
  const query = 'subscription { entries { __typename } }';
  const body = subscriptionText({ document: query, operationName: undefined, variables: {} });
  const admission = sign({ ...call, body: '' });

  test.each([
    ['none', undefined],
    ['one for another subgraph', createCallSigner(secretOfTests, 'crm')({ ...call, body: '' })],
    ['one for a call', sign({ ...call, body })],
    ['one for no body at all', sign(call)],
  ])('take no socket without a token for it, as with %s', async (_, token) => {
    const socket = new WebSocket(served.url.replace('http', 'ws'), 'graphql-transport-ws', {
      headers: token === undefined ? {} : { [subgraphTokenHeader]: token },
    });
    const refused = await new Promise((resolve) => socket.once('error', resolve));
    expect(String(refused)).toContain('401');
  });

  test.each([
    ['no token', undefined],
    ['the token of the socket', admission],
    ['the token of another operation', sign({ ...call, body: `${body} ` })],
    ['a token that another secret has signed', createCallSigner('another', 'log')({ ...call, body })],
  ])('do not begin with %s', async (_, token) => {
    const client = createClient({
      url: served.url.replace('http', 'ws'),
      retryAttempts: 0,
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol, { headers: { [subgraphTokenHeader]: admission } });
        }
      },
    });
    const extensions = token === undefined ? {} : { [subgraphTokenHeader]: token };
    const ended = new Promise((resolve) =>
      client.subscribe({ query, extensions }, { next: resolve, error: resolve, complete: () => resolve('complete') }),
    );
    expect(await ended).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    await client.dispose();
    expect(log.sources).toHaveLength(0);
  });
});

describe('subscriptions of any subgraph', () => {
  test('go by the protocol of the reference implementation, a socket for each set of headers', async () => {
    served = await serveToAll(log);
    const pipeline = pipelineTo(served, { forwardHeaders: ['x-color'] });
    const colors = ['red', 'blue', 'red'];
    const followers = await Promise.all(
      colors.map((color, index) =>
        pipeline.follow(document, {
          variables: { after: `c${index === 2 ? 1 : 0}` },
          forwardedHeaders: { 'x-color': color, 'x-secret': 'not for them' },
        }),
      ),
    );
    log.append(entry('one'), entry('two'));
    await Promise.all(followers.map((one, index) => one.count(index === 2 ? 1 : 2)));
    expect(served.opened.map(({ headers }) => [headers['x-color'], headers['x-secret']]).sort()).toEqual([
      ['blue', undefined],
      ['red', undefined],
    ]);
    await eventually(() => log.followed === 2);
    for (const source of log.sources) source.finish();
    expect(await Promise.all(followers.map(({ end }) => end))).toEqual([[], [], []]);
    const refused = await pipeline.follow('subscription { noises }');
    expect(await refused.end).toMatchObject([{ message: 'Nothing to hear.', extensions: { app: 'log' } }]);
  });

  test.each<readonly [string, Reach, (socket: WebSocket) => void]>([
    ['never takes them', { timeoutMs: 50 }, () => {}],
    ['sends what is no message', {}, (socket) => socket.send('{"type":"nonsense"}')],
    ['closes the socket', {}, (socket) => socket.close(4403)],
    ['sends more than is allowed', { maxAnswerBytes: 1_000 }, (socket) => socket.send(`"${'x'.repeat(2_000)}"`)],
  ])('do not begin where it %s', async (_, reach, answer) => {
    const server = new WebSocketServer({ noServer: true });
    served = await serveSockets({
      upgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, answer),
      drain: async () => {
        for (const client of server.clients) client.terminate();
      },
    });
    await expect(pipelineTo(served, reach).follow(document)).rejects.toMatchObject({
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'log' },
    });
  });

  test('do not follow a redirect', async () => {
    const elsewhere = await serveToAll(log);
    served = await serveSockets({
      upgrade: (_, socket) =>
        socket.end(
          `HTTP/1.1 302 Found\r\nlocation: ${elsewhere.url}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
        ),
      drain: async () => {},
    });
    await expect(pipelineTo(served).follow(document)).rejects.toMatchObject({
      extensions: { code: 'SUBGRAPH_UNAVAILABLE' },
    });
    expect(elsewhere.opened).toHaveLength(0);
    await elsewhere.stop();
  });
});
