import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { StreamLimits } from '../../kernel/config/stream-limits.ts';
import { type ChatGateway, openChatGateway } from '../support/streams/chat-gateway.ts';
import { openSocket } from '../support/streams/socket-client.ts';

const posted = 'subscription ($room: ID!) { posted(room: $room) { text } }';
const credential = { 'x-tenant-key': 'acme' };

let chat: ChatGateway;

/** Opens the gateway of one test. */
async function open(streams: Partial<StreamLimits> = {}, origins: readonly string[] = []) {
  chat = await openChatGateway({ streams, origins });
}

afterEach(() => chat.stop());

async function admitted() {
  const socket = await openSocket(chat.url);
  await socket.init(credential);
  return socket;
}

const follow = (socket: Awaited<ReturnType<typeof admitted>>, id: string, room = id) => {
  socket.subscribe(id, posted, { variables: { room } });
  return chat.room(room);
};

describe('the door', () => {
  test('opens for pages of its own, of those that are let in, and for what is no page', async () => {
    await open({}, ['https://friend.example']);
    for (const origin of [undefined, new URL(chat.url).origin, 'https://friend.example']) {
      const socket = await openSocket(chat.url, origin === undefined ? {} : { origin });
      socket.ws.close();
      await socket.closed;
    }
    for (const origin of ['https://evil.example', 'https://friend.example.evil.example', 'null']) {
      await expect(openSocket(chat.url, { origin })).rejects.toThrow('HTTP 403');
    }
    await expect(openSocket(chat.url.replace('/graphql', '/elsewhere'))).rejects.toThrow('HTTP 404');
  });

  test.each([[['graphql-ws']], [[]]])('tells a client that speaks %j that it is not understood', async (protocols) => {
    await open();
    const socket = await openSocket(chat.url, { protocols });
    expect(await socket.closed).toEqual({ code: 4406, reason: 'Subprotocol not acceptable' });
  });

  test('unfolds nothing', async () => {
    await open();
    const socket = await openSocket(chat.url, { perMessageDeflate: true });
    expect(socket.ws.extensions).toBe('');
  });

  test('opens for so many, of a tenant and in all', async () => {
    await open({ streams: 2, streamsPerTenant: 1 });
    const first = await admitted();
    const second = await openSocket(chat.url);
    await expect(openSocket(chat.url)).rejects.toThrow('HTTP 503');
    second.send({ type: 'connection_init', payload: credential });
    expect(await second.closed).toMatchObject({ code: 1013, reason: expect.stringContaining('at most 1') });
    first.ws.close();
    await first.closed;
    // The server hears of the end a moment later.
    while (!(await admitted().catch(() => undefined)));
  });
});

describe('a socket', () => {
  test('has so many operations at a time, and says so of one more', async () => {
    await open({ operationsPerSocket: 2 });
    const socket = await admitted();
    await Promise.all([follow(socket, '1'), follow(socket, '2')]);
    socket.subscribe('3', '{ hello }');
    expect(await socket.next()).toMatchObject({
      id: '3',
      type: 'error',
      payload: [{ extensions: { code: 'OPERATION_LIMIT_EXCEEDED', limit: 'operationsPerSocket', value: 2 } }],
    });
    socket.send({ id: '1', type: 'complete' });
    socket.subscribe('3', '{ hello }');
    expect(await socket.next()).toMatchObject({ id: '3', type: 'next' });
  });

  test('shares with others of its credential how many subscriptions there may be', async () => {
    await open({ subscriptionsPerCredential: 1 });
    const [one, other] = await Promise.all([admitted(), admitted()]);
    const source = await follow(one, '1');
    other.subscribe('2', posted, { variables: { room: '2' } });
    expect(await other.next()).toMatchObject({ payload: [{ extensions: { limit: 'subscriptionsPerCredential' } }] });
    one.send({ id: '1', type: 'complete' });
    await source.left;
    await follow(other, '2');
  });

  test('may say so much', async () => {
    await open({ messagesPerSecond: 1, messageBytes: 1_024 });
    const [talkative, long, torn] = await Promise.all([admitted(), admitted(), admitted()]);
    for (let i = 0; i < 100; i += 1) talkative.send({ type: 'ping' });
    expect(await talkative.closed).toEqual({ code: 4429, reason: 'Too many messages' });
    long.send({ type: 'ping', payload: { p: 'A'.repeat(2_000) } });
    expect(await long.closed).toMatchObject({ code: 1009 });
    for (let i = 0; i < 100; i += 1) torn.ws.send('A', { fin: false });
    expect(await torn.closed).toMatchObject({ code: 1008 });
  });

  test.each([
    ['no JSON', '{', 4400],
    ['nothing of the protocol', { type: 'start', id: '1', payload: { query: '{ hello }' } }, 4400],
    ['what only a server says', { type: 'next', id: '1', payload: {} }, 4400],
    ['an operation without an id', { type: 'subscribe', payload: { query: '{ hello }' } }, 4400],
    ['an id without end', { type: 'complete', id: 'A'.repeat(257) }, 4400],
    ['that it begins, again', { type: 'connection_init' }, 4429],
  ])('that says %s is closed', async (_, message, code) => {
    await open();
    const socket = await admitted();
    socket.send(message);
    expect(await socket.closed).toMatchObject({ code });
  });

  test('that uses an id twice, sends bytes, or subscribes before it is let in is closed', async () => {
    await open();
    const [twice, bytes, early] = await Promise.all([admitted(), admitted(), openSocket(chat.url)]);
    const source = await follow(twice, '1');
    twice.subscribe('1', '{ hello }');
    expect(await twice.closed).toMatchObject({ code: 4409 });
    await source.left;
    bytes.ws.send(Buffer.from('{"type":"ping"}'));
    expect(await bytes.closed).toMatchObject({ code: 4400 });
    early.subscribe('1', '{ hello }');
    expect(await early.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  test('may call its operations as objects call what they have', async () => {
    await open();
    const socket = await admitted();
    for (const id of ['__proto__', 'constructor', 'hasOwnProperty']) {
      socket.subscribe(id, '{ hello }');
      expect(await socket.next()).toEqual({ id, type: 'next', payload: { data: { hello: 'Hello' } } });
      expect(await socket.next()).toEqual({ id, type: 'complete' });
    }
  });

  test('whose peer is gone without a word is closed', async () => {
    await open({ pingMs: 24 });
    const [dead, alive] = [await openSocket(chat.url, { autoPong: false }), await admitted()];
    await dead.init(credential);
    const source = await follow(dead, '1');
    await source.left;
    expect(await dead.closed).toMatchObject({ code: 1006 });
    for (const _ of [1, 2, 3]) await once(alive.ws, 'ping');
    alive.subscribe('1', '{ hello }');
    expect(await alive.next()).toMatchObject({ type: 'next' });
  });
});

describe('a client that is slow', () => {
  const text = 'A'.repeat(1_000_000);

  test('gets everything in order, as fast as it takes it', async () => {
    await open({ unsentBytes: 1 });
    const socket = await admitted();
    const source = await follow(socket, '1');
    for (let i = 0; i < 20; i += 1) source.push({ posted: { text: `${i} ${text}` } });
    for (let i = 0; i < 20; i += 1) {
      const { payload } = (await socket.next()) as { payload: { data: { posted: { text: string } } } };
      expect(payload.data.posted.text.slice(0, 3).trim()).toBe(`${i} A`.slice(0, 3).trim());
    }
  });

  test('is not sent more than it takes, and closed when it takes nothing', async () => {
    await open({ slowClientMs: 50 });
    const socket = await admitted();
    socket.ws.pause();
    const source = await follow(socket, '1');
    const pushed = 100;
    for (let i = 0; i < pushed; i += 1) source.push({ posted: { text } });
    await source.left;
    expect(source.waiting).toBeGreaterThan(0);
    socket.ws.resume();
    expect(await socket.closed).toEqual({ code: 4008, reason: 'What was sent is not taken' });
  });
});

describe('a credential', () => {
  test('that is taken back ends what runs on it, and says so', async () => {
    await open({ recheckMs: 20 });
    const socket = await admitted();
    const source = await follow(socket, '1');
    chat.keys.delete('acme');
    expect(await socket.next()).toMatchObject({
      id: '1',
      type: 'error',
      payload: [{ message: 'It has ended: The key was taken back.', extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(await socket.closed).toEqual({
      code: 4403,
      reason: 'UNAUTHENTICATED: It has ended: The key was taken back.',
    });
    await source.left;
  });

  test('that has an end is judged then, however long it is to the next time', async () => {
    await open({ recheckMs: 3_600_000 });
    chat.keys.set('short', { tenant: 'acme', permissions: [], expiresAt: Date.now() + 100 });
    const socket = await openSocket(chat.url);
    await socket.init({ 'x-tenant-key': 'short' });
    chat.keys.delete('short');
    expect(await socket.closed).toMatchObject({ code: 4403 });
  });

  test('that has less than before ends what began with more, and nothing else', async () => {
    await open({ recheckMs: 20 });
    const socket = await admitted();
    const source = await follow(socket, '1');
    chat.keys.set('acme', { tenant: 'acme', permissions: ['read:*'] });
    source.push({ posted: { text: 'More is no less' } });
    expect(await socket.next()).toMatchObject({ type: 'next' });
    chat.keys.set('acme', { tenant: 'acme', permissions: ['read:leads'] });
    expect(await socket.next()).toMatchObject({
      id: '1',
      type: 'error',
      payload: [{ extensions: { code: 'FORBIDDEN', permission: 'read:secrets', reason: 'PERMISSION_REVOKED' } }],
    });
    await source.left;
    await follow(socket, '2');
  });

  test('whose look-up fails goes on as it is', async () => {
    let fails = false;
    let asked = 0;
    await open({ recheckMs: 20 });
    const { keys } = chat;
    const get = keys.get.bind(keys);
    keys.get = (key) => {
      asked += 1;
      if (fails) throw new Error('The database is away.');
      return get(key);
    };
    const socket = await admitted();
    const source = await follow(socket, '1');
    fails = true;
    for (const before = asked; asked < before + 3; ) await new Promise((resolve) => setImmediate(resolve));
    source.push({ posted: { text: 'Still here' } });
    expect(await socket.next()).toMatchObject({ type: 'next' });
  });
});

test('the end of the process waits for queries, and sends clients elsewhere', async () => {
  await open();
  const [busy, following] = await Promise.all([admitted(), admitted()]);
  await follow(busy, '1');
  const source = await follow(following, '2');
  busy.subscribe('3', '{ slow }');
  while (!chat.requests.some(({ document }) => document.includes('slow'))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const stopped = chat.stop(60_000);
  expect(await following.closed).toEqual({ code: 1001, reason: 'Going away' });
  await source.left;
  chat.release();
  expect(await busy.next()).toEqual({ id: '3', type: 'next', payload: { data: { slow: 'At last' } } });
  expect(await busy.next()).toEqual({ id: '3', type: 'complete' });
  expect(await busy.closed).toEqual({ code: 1001, reason: 'Going away' });
  await stopped;
});
