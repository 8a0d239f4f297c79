import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { suiteLimits } from '../../kernel/config/operation-limits.ts';
import { accessWith, type GuardedGateway, openGuardedGateway } from '../support/federation/guarded-gateway.ts';

const friend = 'https://app.example.com';
const body = '{"query":"{ me { id } }"}';
const answer = { me: { id: 'u1' } };

let gateway: GuardedGateway;

beforeAll(async () => {
  gateway = await openGuardedGateway({ limits: suiteLimits, origins: [friend] });
});

afterAll(() => gateway.stop());

/** What the server answers to these bytes, until it closes the connection. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // The server may close before it has read everything; what it has said until then counts.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(text);
  await closed;
  return Buffer.concat(chunks).toString();
}

describe('every answer', () => {
  test.each([
    ['of an operation', () => gateway.post(body)],
    ['of a refused operation', () => gateway.post({ query: '{ nothing }' })],
    ['of a wrong key', () => gateway.post(body, { 'x-tenant-key': 'guess' })],
    ['by GET', () => gateway.get({ query: '{ me { id } }' })],
  ])('%s is nothing that a browser may guess about, frame, or keep', async (_, ask) => {
    const { headers } = await ask();
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-correlation-id': expect.any(String),
    });
    expect([headers.get('x-powered-by'), headers.get('server')]).toEqual([null, null]);
  });

  test('where there is nothing says no more', async () => {
    const response = await fetch(new URL('/altair', gateway.url));
    expect(response.status).toBe(404);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).not.toMatch(/GraphiQL|playground|sandbox/i);
  });
});

describe('a page of another site', () => {
  const preflight = (origin: string) =>
    fetch(gateway.url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });

  test('that is on the list may ask and read', async () => {
    const asked = await preflight(friend);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(friend);
    expect(asked.headers.get('access-control-allow-headers')).toContain('x-tenant-key');
    expect(asked.headers.get('vary')).toBe('origin');
    const { headers, data } = await gateway.post(body, { origin: friend });
    expect(data).toEqual(answer);
    expect(headers.get('access-control-allow-origin')).toBe(friend);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test.each([
    'https://evil.example',
    'https://app.example.com.evil.tld',
    'http://app.example.com',
    'https://sub.app.example.com',
    'https://APP.example.com:444',
    'null',
  ])('that is not on it, %s, may not', async (origin) => {
    const asked = await preflight(origin);
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    expect(asked.headers.get('access-control-allow-headers')).toBeNull();
    const { headers } = await gateway.post(body, { origin });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a body', () => {
  const send = async (content: Buffer | string, headers: Readonly<Record<string, string>>) =>
    await fetch(gateway.url, { method: 'POST', headers: { 'x-tenant-key': 'acme', ...headers }, body: content });
  const json = { 'content-type': 'application/json' };

  test.each([
    ['compressed', 'gzip'],
    ['in an encoding that nobody knows', 'zstd-evil'],
    ['compressed twice', 'gzip, gzip'],
  ])('that is %s is not unfolded', async (_, encoding) => {
    const response = await send(gzipSync(body), { ...json, 'content-encoding': encoding });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test.each(['cp932', 'utf-7', 'utf-16le', '"utf-8-evil"', 'utf-8x'])('is not read as %s', async (charset) => {
    expect((await send(body, { 'content-type': `application/json; charset=${charset}` })).status).toBe(415);
  });

  test.each(['utf-8', 'UTF-8', 'utf8', '"utf-8"'])('is read as %s', async (charset) => {
    const response = await send(body, { 'content-type': `application/json; charset=${charset}` });
    expect(await response.json()).toEqual({ data: answer });
  });

  test.each([
    ['text/plain'],
    ['text/plain; application/json'],
    ['text/plain;charset=application/json'],
    ['application/x-www-form-urlencoded; application/json'],
    ['application/jsonp'],
    ['multipart/form-data; boundary=x'],
  ])('of the type %s is not read', async (type) => {
    gateway.subgraph.requests.length = 0;
    const response = await send(body, { 'content-type': type });
    expect([400, 415]).toContain(response.status);
    expect(gateway.subgraph.requests).toEqual([]);
  });

  test('with the names that JavaScript objects come with changes none of them', async () => {
    const polluting = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const text = `{"query":"query($c: LeadFilter) { leads(filter: $c) { totalCount } }","variables":{"__proto__":{"polluted":1},"c":${polluting}},"extensions":${polluting},"__proto__":{"query":"{ x }"}}`;
    const { status } = await gateway.post(text);
    expect([200, 400]).toContain(status);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((await gateway.post(body)).data).toEqual(answer);
  });
});

describe('bytes that are no proper request', () => {
  const head = 'POST /graphql HTTP/1.1\r\nHost: gw\r\nContent-Type: application/json\r\n';

  test.each([
    ['a length and chunks at once', `${head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`, 400],
    ['two lengths', `${head}Content-Length: 6\r\nContent-Length: 7\r\n\r\n{"a":1}`, 400],
    ['an encoding that hides chunks', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
    ['a header of 20,000 characters', `${head}x-pad: ${'A'.repeat(20_000)}\r\n\r\n`, 431],
    ['a line break in a header', `${head}x-a: b\r\n\tc\nx-d\r\n\r\n`, 400],
  ])('%s end the connection', async (_, text, status) => {
    expect(await raw(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await gateway.post(body)).data).toEqual(answer);
  });

  test('headers past the hundredth are not read, and one called __proto__ is only a header', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `x-h${i}: 1\r\n`).join('');
    const own = 'x-tenant-key: acme\r\n__proto__: x\r\nconnection: close\r\n';
    const text = await raw(`${head}${own}Content-Length: ${body.length}\r\n${many}\r\n${body}`);
    expect(text).toMatch(/^HTTP\/1.1 (200|400|431) /);
    expect((await gateway.post(body)).data).toEqual(answer);
  });
});

describe('introspection and suggestions', () => {
  const schema = { query: '{ __schema { queryType { name } } }' };
  const typing = { query: '{ leadz { id } }' };
  let closed: GuardedGateway;

  beforeAll(async () => {
    const keys = {
      acme: { tenant: 'acme' },
      reader: { tenant: 'acme', permissions: ['read:schema'] },
      plain: { tenant: 'acme', permissions: ['read:leads', 'write:schema'] },
    };
    closed = await openGuardedGateway({ access: accessWith(keys) });
  });

  afterAll(() => closed.stop());

  test.each(['acme', 'reader'])('are there for a key that may read the schema: %s', async (key) => {
    const headers = { 'x-tenant-key': key };
    expect((await closed.post(schema, headers)).data).toEqual({ __schema: { queryType: { name: 'Query' } } });
    expect((await closed.post(typing, headers)).errors?.[0]?.message).toContain('Did you mean');
  });

  test.each([
    '{ __schema { types { name fields { name } } } }',
    'query{__schema\n{queryType{name}}}',
    '{ __type(name: "Lead") { fields { name } } }',
    '{ s: __schema { queryType { name } } me { id } }',
    'query { ...F } fragment F on Query { __schema { queryType { name } } }',
    'query($a: Boolean = true) { ... @include(if: $a) { __type(name: "Lead") { name } } }',
  ])('are not there for another, however it asks: %s', async (query) => {
    closed.subgraph.requests.length = 0;
    const headers = { 'x-tenant-key': 'plain' };
    const refused = { status: 403, errors: [{ extensions: { code: 'FORBIDDEN', permission: 'read:schema' } }] };
    expect(await closed.post({ query }, headers)).toMatchObject(refused);
    expect(await closed.get({ query }, headers)).toMatchObject(refused);
    expect(closed.subgraph.requests).toEqual([]);
  });

  test.each([
    [{ query: '{ leadz { id } }' }],
    [{ query: '{ leads(firts: 1) { totalCount } }' }],
    [{ query: '{ node(id: "1") { ... on Leed { id } } }' }],
    [{ query: 'query($f: LeadFilter) { leads(filter: $f) { totalCount } }', variables: { f: { nameContain: 'x' } } }],
  ])('say nothing of what could have been meant: %j', async (request) => {
    const { status, text } = await closed.post(request, { 'x-tenant-key': 'plain' });
    expect(status).toBe(400);
    expect(text).not.toContain('Did you mean');
  });

  test('leave the names of types in answers', async () => {
    expect((await closed.post({ query: '{ me { __typename } }' }, { 'x-tenant-key': 'plain' })).data).toEqual({
      me: { __typename: 'User' },
    });
  });
});
