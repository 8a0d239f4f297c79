import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHandler } from 'graphql-sse/lib/use/http';
import { connectSubscriptions } from '../../gateway/connections/connect-subscriptions.ts';
import type { SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallVerifier, digestBody, subgraphTokenHeader } from '../../kernel/tenancy/subgraph-token.ts';
import { secretOfTests } from '../support/call-app.ts';
import { eventually } from '../support/eventually.ts';
import { createLogSubgraph, type LogSubgraph } from '../support/federation/event-log.ts';
import { createSubscribingPipeline } from '../support/federation/subscribing-pipeline.ts';

const document = 'subscription ($after: Cursor) { entries(after: $after) { ... on EntryBatch { entries { text } } } }';

let log: LogSubgraph;
let server: Server;

beforeEach(() => {
  const subscribe = () => {
    throw new Error('Nothing to hear.');
  };
  log = createLogSubgraph(undefined, { Subscription: { noises: { subscribe } as never } });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** The pipeline of a gateway that reaches the log by the events of a server. */
async function pipelineTo(listener: RequestListener, maxAnswerBytes = 100_000) {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const subscriptions = { protocol: 'sse', path: '/stream' } as const;
  const options = {
    forwardHeaders: ['x-color'],
    timeoutMs: 60_000,
    tokenSecret: secretOfTests,
    maxAnswerBytes,
    subscriptions,
  };
  const connections = connectSubscriptions(
    { subgraphs: new Map([['log', { name: 'log', url }]]) } as never,
    () => options,
  );
  return createSubscribingPipeline([{ ...log, subscribe: connections.get('log') as SubscribingConnection }]);
}

const entry = (text: string) => ({ text, author: { id: '1' } });

test('subscriptions go over events as the reference implementation sends them, and go on when those break off', async () => {
  const handle = createHandler({ schema: log.schema, context: { forwardedHeaders: {} } });
  const seen: (string | undefined)[] = [];
  const pipeline = await pipelineTo((request, response) => {
    seen.push([request.url, request.headers['x-color'], request.headers['x-correlation-id']].join(' '));
    void handle(request, response);
  });
  const follower = await pipeline.follow(document, {
    variables: { after: 'c0' },
    forwardedHeaders: { 'x-color': 'red' },
    correlationId: 'one',
  });
  for (let number = 0; number < 3; number += 1) {
    log.append(entry(`${number}`));
    await follower.count(number + 1);
    server.closeAllConnections();
  }
  log.append(entry('umlaut ä'));
  await follower.count(4);
  expect(follower.answers.map(({ text }) => text.match(/"text":"(.*?)"/)?.[1])).toEqual(['0', '1', '2', 'umlaut ä']);
  expect(new Set(seen)).toEqual(new Set(['/stream red one']));
  for (const source of log.sources) source.finish();
  expect(await follower.end).toEqual([]);
  const refused = await pipeline.follow('subscription { noises }');
  expect(await refused.end).toMatchObject([{ message: 'Nothing to hear.', extensions: { app: 'log' } }]);
  const left = await pipeline.follow(document, { variables: { after: 'c0' } });
  await left.count(4);
  left.leave();
  await eventually(() => log.followed === 0);
});

test('the body of the request is signed', async () => {
  const verify = createCallVerifier(secretOfTests, 'log');
  const seen: unknown[] = [];
  const pipeline = await pipelineTo(async (request, response) => {
    const call = verify(request.headers[subgraphTokenHeader]?.toString());
    seen.push(call?.principal.tenantId, call?.bodyDigest === digestBody(await buffer(request)));
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('event: complete\ndata:\n\n');
  });
  const principal = createPrincipal({
    tenantId: parseTenantId('acme'),
    app: 'web',
    credentialId: 'key',
    userId: undefined,
    permissions: ['*'],
  });
  const follower = await pipeline.follow(document, { principal });
  expect(await follower.end).toEqual([]);
  expect(seen).toEqual(['acme', true]);
});

test('events are read as the standard says, in whatever pieces they come', async () => {
  const event = `{"data":{"noises":"a${'\u00e4'}b"}}`;
  const text =
    `: a comment\n\nevent: next\ndata: ${event}\n\n` +
    `event:next\r\nid: 7\r\ndata:{"data":\r\ndata: {"noises":"two lines"}}\r\n\r\n` +
    `retry: 10\revent: next\rdata: ${event}\r\r` +
    'event: other\ndata: {}\n\nevent: complete\ndata\n\n';
  const bytes = Buffer.from(text);
  const pipeline = await pipelineTo(async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const byte of bytes) {
      response.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  });
  const follower = await pipeline.follow('subscription { noises }');
  expect(await follower.end).toEqual([]);
  expect(follower.answers.map(({ data }) => data.toJSON()?.noises)).toEqual(['aäb', 'two lines', 'aäb']);
});

test.each<readonly [string, RequestListener, object]>([
  [
    'an answer that refuses',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"errors":[{"message":"Not for you.","extensions":{"code":"FORBIDDEN"}}]}');
    },
    { message: 'Not for you.', extensions: { code: 'FORBIDDEN' } },
  ],
  ['a page', (_, response) => void response.end('<p>'), { extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
  [
    'a redirect',
    (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end(),
    { extensions: { code: 'SUBGRAPH_UNAVAILABLE' } },
  ],
])('a subscription does not begin with %s', async (_, listener, error) => {
  const pipeline = await pipelineTo(listener);
  await expect(pipeline.follow(document)).rejects.toMatchObject(error);
});

test.each([
  ['is too large', `event: next\ndata: ${'x'.repeat(2_000)}`],
  ['is not JSON', 'event: next\ndata: x\n\n'],
  ['does not come whole', 'event: next\ndata: {}'],
])('a stream breaks off at an event that %s', async (_, event) => {
  const pipeline = await pipelineTo((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(event);
  }, 1_000);
  const follower = await pipeline.follow('subscription { noises }');
  expect(await follower.end).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'log' } }]);
});
