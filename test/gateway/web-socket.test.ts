import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type ChatGateway, openChatGateway } from '../support/streams/chat-gateway.ts';
import { openSocket } from '../support/streams/socket-client.ts';

const posted = 'subscription ($room: ID!) { posted(room: $room) { text } }';
const credential = { 'x-tenant-key': 'acme' };

let chat: ChatGateway;

beforeAll(async () => {
  chat = await openChatGateway();
});

afterAll(() => chat?.stop());

/** A socket that was let in. */
async function admitted(payload: Readonly<Record<string, unknown>> = credential) {
  const socket = await openSocket(chat.url);
  await socket.init(payload);
  return socket;
}

const codesOf = (payload: unknown) =>
  (payload as { extensions: { code: string } }[]).map(({ extensions }) => extensions.code);

describe('a client that speaks graphql-transport-ws', () => {
  test('gets the answers of a subscription to its end, and those of queries and mutations beside', async () => {
    const client = createClient({
      url: chat.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: credential,
    });
    const events = client.iterate({ query: posted, variables: { room: 'story' } });
    const first = events.next();
    const source = await chat.room('story');
    source.push({ posted: { text: 'One' } });
    expect(await first).toEqual({ done: false, value: { data: { posted: { text: 'One' } } } });

    const answers = client.iterate({ query: '{ hello }' });
    expect(await answers.next()).toEqual({ done: false, value: { data: { hello: 'Hello' } } });
    expect((await answers.next()).done).toBe(true);
    const written = client.iterate({ query: 'mutation { post(text: "Hi") }' });
    expect((await written.next()).value).toEqual({ data: { post: 'Hi' } });

    const second = events.next();
    source.push({ posted: { text: null } });
    expect((await second).value).toMatchObject({ data: { posted: null }, errors: [{ path: ['posted', 'text'] }] });
    source.end();
    expect((await events.next()).done).toBe(true);
    await client.dispose();
  });

  test('ends a subscription at its source, by word or by going away', async () => {
    const socket = await admitted();
    socket.subscribe('1', posted, { variables: { room: 'told' } });
    socket.subscribe('2', posted, { variables: { room: 'gone' } });
    const [told, gone] = await Promise.all([chat.room('told'), chat.room('gone')]);
    socket.send({ id: '1', type: 'complete' });
    await told.left;
    socket.ws.terminate();
    await gone.left;
  });

  test('may use an id again that it has no use for any more', async () => {
    const socket = await admitted();
    for (const _ of [1, 2]) {
      socket.subscribe('again', '{ hello }');
      expect(await socket.next()).toEqual({ id: 'again', type: 'next', payload: { data: { hello: 'Hello' } } });
      expect(await socket.next()).toEqual({ id: 'again', type: 'complete' });
    }
    socket.ws.close();
  });

  test('is answered its pings, without what they carry', async () => {
    const socket = await openSocket(chat.url);
    socket.send({ type: 'ping', payload: { much: 'A'.repeat(1_000) } });
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.ws.close();
  });

  test('names what an operation is logged under, and is told the id of what it does not name', async () => {
    const socket = await openSocket(chat.url, { headers: { 'x-correlation-id': 'of-the-socket' } });
    expect(await socket.init(credential)).toMatchObject({ payload: { 'x-correlation-id': 'of-the-socket' } });
    for (const extensions of [{}, { 'x-correlation-id': 'of-the-operation' }]) {
      socket.subscribe('1', 'mutation { post(text: "x") }', { extensions });
      await socket.next();
      await socket.next();
    }
    const ids = chat.requests.slice(-2).map(({ context }) => context.correlationId);
    expect(ids).toEqual(['of-the-socket', 'of-the-operation']);
    socket.ws.close();
  });
});

describe('what is wrong with one operation ends that one only', () => {
  test.each([
    ['no GraphQL', '{ hello', 'BAD_USER_INPUT'],
    ['a field that there is not', 'subscription { nothing }', 'BAD_USER_INPUT'],
    [
      'two fields at the root of a subscription',
      `subscription { a: posted(room: "a") { text } b: posted(room: "b") { text } }`,
      'BAD_USER_INPUT',
    ],
    [
      'a subscription whose variables would say what it follows',
      'subscription ($no: Boolean!) { posted(room: "a") @skip(if: $no) { text } }',
      'BAD_USER_INPUT',
    ],
    ['a condition that says nothing', 'subscription { posted(room: "a") @include { text } }', 'BAD_USER_INPUT'],
    [
      'a document that is too deep',
      `{ ${'self { '.repeat(101)} name ${'} '.repeat(101)} }`,
      'OPERATION_LIMIT_EXCEEDED',
    ],
    ['the schema, which is not shown', '{ __schema { types { name } } }', 'FORBIDDEN'],
  ])('%s', async (_, query, code) => {
    const socket = await admitted();
    socket.subscribe('1', query);
    const { type, payload } = await socket.next();
    expect([type, ...new Set(codesOf(payload))]).toEqual(['error', code]);
    socket.subscribe('1', '{ hello }');
    expect(await socket.next()).toMatchObject({ type: 'next' });
    socket.ws.close();
  });

  test('one that its source breaks off', async () => {
    const socket = await admitted();
    socket.subscribe('1', posted, { variables: { room: 'broken' } });
    (await chat.room('broken')).fail(new Error('db 10.0.0.3 password'));
    const { type, payload } = await socket.next();
    expect([type, codesOf(payload)]).toEqual(['error', ['SUBGRAPH_UNAVAILABLE']]);
    expect(JSON.stringify(payload)).not.toContain('password');
    socket.ws.close();
  });

  test('one that needs a permission which the credential does not have', async () => {
    chat.keys.set('reader', { tenant: 'acme', permissions: [] });
    const socket = await admitted({ 'X-Tenant-Key': 'reader' });
    socket.subscribe('1', 'subscription { secret { text } }');
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'FORBIDDEN', permission: 'read:secrets' } }],
    });
    socket.ws.close();
  });
});

describe('who a socket belongs to', () => {
  test('is said in the headers where the client can set some', async () => {
    const socket = await openSocket(chat.url, { headers: credential });
    await socket.init();
    socket.subscribe('1', '{ secrets }');
    expect(await socket.next()).toMatchObject({ payload: { data: { secrets: 'Psst' } } });
    socket.ws.close();
  });

  test.each([
    ['nobody', {}, {}],
    ['a cookie alone', { cookie: 'session=acme' }, {}],
    ['a key that there is not', {}, { 'x-tenant-key': 'initech' }],
    ['a key that there is not, over one that there is', credential, { 'x-tenant-key': 'initech' }],
    ['two keys', {}, { 'x-tenant-key': 'acme', 'X-Tenant-Key': 'acme' }],
    ['no text', {}, { 'x-tenant-key': ['acme'] }],
  ])('is refused when it is %s', async (_, headers, payload) => {
    const socket = await openSocket(chat.url, { headers });
    socket.send({ type: 'connection_init', payload });
    expect(await socket.closed).toMatchObject({ code: 4403, reason: expect.stringContaining('UNAUTHENTICATED') });
  });

  test('is somebody, also where everybody may read the schema', async () => {
    const authenticator = () => Promise.reject(new Error('Nobody is looked up.'));
    const open = await openChatGateway({ access: { kind: 'authenticated', introspection: true, authenticator } });
    const socket = await openSocket(open.url);
    socket.send({ type: 'connection_init' });
    expect(await socket.closed).toMatchObject({ code: 4403, reason: expect.stringContaining('UNAUTHENTICATED') });
    await open.stop();
  });

  test('is not told why its look-up failed', async () => {
    const failing = await openChatGateway({
      access: {
        kind: 'authenticated',
        introspection: false,
        authenticator: () => Promise.reject(new Error('db 10.0.0.3 password')),
      },
    });
    const socket = await openSocket(failing.url);
    socket.send({ type: 'connection_init', payload: credential });
    expect(await socket.closed).toEqual({ code: 4500, reason: 'Internal server error' });
    await failing.stop();
  });

  test.each([
    ['says nothing', false],
    ['is waited for without end', true],
  ])('is not waited for when it %s', async (_, says) => {
    const hanging = await openChatGateway({
      access: { kind: 'authenticated', introspection: false, authenticator: () => new Promise(() => {}) },
      streams: { initWaitMs: 20 },
    });
    const socket = await openSocket(hanging.url);
    if (says) socket.send({ type: 'connection_init', payload: credential });
    expect(await socket.closed).toMatchObject({ code: 4408 });
    await hanging.stop();
  });
});
