import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { createClient } from 'graphql-sse';
import type { StreamLimits } from '../../kernel/config/stream-limits.ts';
import { type ChatGateway, openChatGateway } from '../support/streams/chat-gateway.ts';

const posted = 'subscription ($room: ID!) { posted(room: $room) { text } }';
const json = { 'content-type': 'application/json', 'x-tenant-key': 'acme' };
const events = { ...json, accept: 'text/event-stream' };

let chat: ChatGateway;

async function open(streams: Partial<StreamLimits> = {}) {
  chat = await openChatGateway({ streams });
}

afterEach(() => chat.stop());

function post(body: object, headers: Readonly<Record<string, string>> = events): Promise<Response> {
  return fetch(chat.url, { method: 'POST', headers, body: JSON.stringify(body) });
}

const follow = (room: string, headers = events) => post({ query: posted, variables: { room } }, headers);

/** Reads a body until its text is as a test waits for. */
async function readUntil(response: Response, isThere: (text: string) => boolean): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (reader && !isThere(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader?.cancel();
  return text;
}

const complete = 'event: complete\ndata: \n\n';
const next = (answer: object) => `event: next\ndata: ${JSON.stringify(answer)}\n\n`;

test('a client of graphql-sse gets the answers of subscriptions and queries', async () => {
  await open();
  const client = createClient({ url: chat.url, headers: { 'x-tenant-key': 'acme' } });
  const answers = client.iterate({ query: posted, variables: { room: 'story' } });
  const first = answers.next();
  const source = await chat.room('story');
  for (const text of ['One', 'Two']) source.push({ posted: { text } });
  source.end();
  expect([await first, await answers.next()]).toEqual(
    ['One', 'Two'].map((text) => ({ done: false, value: { data: { posted: { text } } } })),
  );
  expect((await answers.next()).done).toBe(true);
  const hello = client.iterate({ query: '{ hello }' });
  expect(await hello.next()).toEqual({ done: false, value: { data: { hello: 'Hello' } } });
  expect((await hello.next()).done).toBe(true);
  client.dispose();
});

test('a GET gets events too, but changes nothing', async () => {
  await open();
  const get = (query: string, headers = {}) =>
    fetch(`${chat.url}?${new URLSearchParams({ query, variables: '{}' })}`, { headers: { ...events, ...headers } });
  const answer = await get('{ hello }');
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(await answer.text()).toBe(`:\n\n${next({ data: { hello: 'Hello' } })}${complete}`);
  expect(await (await get('mutation { post(text: "x") }')).text()).toContain('A mutation is sent by POST.');
  expect(chat.requests.filter(({ operationKind }) => operationKind === 'mutation')).toEqual([]);
  const { status } = await get('{ hello }', { 'sec-fetch-site': 'cross-site', 'x-tenant-key': '' });
  expect(status).toBe(403);
});

test('what is wrong with an operation is told in the stream, what is wrong with the request by HTTP', async () => {
  await open();
  for (const query of ['{ hello', '{ nothing }', 'subscription { posted }']) {
    const answer = await post({ query });
    const text = await answer.text();
    expect([answer.status, text.endsWith(complete), text.includes('"code":"BAD_USER_INPUT"')]).toEqual([
      200,
      true,
      true,
    ]);
  }
  expect((await post({ query: '{ hello }' }, { ...events, 'x-tenant-key': 'initech' })).status).toBe(401);
  expect((await fetch(chat.url, { method: 'POST', headers: events, body: '{' })).status).toBe(400);
});

test('whoever takes JSON as well gets events for subscriptions alone', async () => {
  await open();
  const both = { ...json, accept: 'application/graphql-response+json, text/event-stream' };
  const hello = await post({ query: '{ hello }' }, both);
  expect(hello.headers.get('content-type')).toContain('application/graphql-response+json');
  expect(await hello.json()).toEqual({ data: { hello: 'Hello' } });
  const following = await follow('both', both);
  expect(following.headers.get('content-type')).toContain('text/event-stream');
  await following.body?.cancel();
  const neither = await follow('both', { ...json, accept: 'application/json' });
  expect(await neither.text()).toContain('text/event-stream');
});

test.each([
  ['Text/Event-Stream', 'text/event-stream'],
  ['text/event-stream; q=0, application/json', 'application/json'],
  ['text/event-stream;q=0.5', 'text/event-stream'],
])('who accepts %j is answered in %s', async (accept, type) => {
  await open();
  const answer = await post({ query: '{ hello }' }, { ...json, accept });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining(type)]);
});

test('a client that goes away ends its source; one that takes nothing is let go', async () => {
  await open({ slowClientMs: 50 });
  const leaving = await follow('left');
  const left = await chat.room('left');
  await leaving.body?.cancel();
  await left.left;

  const request = httpRequest(chat.url, { method: 'POST', headers: events });
  request.end(JSON.stringify({ query: posted, variables: { room: 'slow' } }));
  const [response]: IncomingMessage[] = await once(request, 'response');
  const slow = await chat.room('slow');
  for (let i = 0; i < 100; i += 1) slow.push({ posted: { text: 'A'.repeat(1_000_000) } });
  await slow.left;
  expect(slow.waiting).toBeGreaterThan(0);
  response?.on('error', () => undefined);
  response?.destroy();
});

test('nothing to say is said now and then', async () => {
  await open({ pingMs: 24 });
  expect(await readUntil(await follow('quiet'), (text) => text.length >= 9)).toMatch(/^(:\n\n){3}/);
});

test.each([
  ['that is taken back', () => chat.keys.delete('acme'), '"code":"UNAUTHENTICATED"'],
  ['that has less', () => chat.keys.set('acme', { tenant: 'acme', permissions: [] }), '"reason":"PERMISSION_REVOKED"'],
])('a credential %s ends what runs on it, and says so', async (_, change, told) => {
  await open({ recheckMs: 20 });
  const answer = await follow('watched');
  const source = await chat.room('watched');
  change();
  const text = await answer.text();
  expect([text.includes(told), text.endsWith(complete)]).toEqual([true, true]);
  await source.left;
});

test('there are so many streams, sockets included', async () => {
  await open({ streams: 1 });
  const first = await follow('first');
  const second = await follow('second');
  expect([second.status, await second.json()]).toMatchObject([
    503,
    { errors: [{ extensions: { code: 'OPERATION_LIMIT_EXCEEDED', limit: 'streams' } }] },
  ]);
  await first.body?.cancel();
});

test('the end of the process ends streams without calling them complete', async () => {
  await open();
  const answer = await follow('ending');
  const source = await chat.room('ending');
  source.push({ posted: { text: 'Last' } });
  let text = '';
  let stopped: Promise<void> | undefined;
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.includes('Last')) stopped ??= chat.stop(60_000);
  }
  expect(text).toBe(`:\n\n${next({ data: { posted: { text: 'Last' } } })}`);
  await source.left;
  await stopped;
});
