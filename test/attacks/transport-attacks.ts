import { connect } from 'node:net';
import { expect } from '@jest/globals';
import { type Attack, type RequestAttack, runsLong } from './attack.ts';
import { checkAfter, checkBody, lookBefore } from './check-answer.ts';
import { credentialsOf, send, sendRaw } from './send.ts';
import { friend, type Stand } from './stand.ts';

const typename = { query: '{ __typename }' };
const mutation = 'mutation{createLead(input:{firstName:"x",lastName:"y",email:"ct@example.com"}){lead{id}}}';
const mutationBody = JSON.stringify({ query: mutation });

/** A body of JSON under a media type that a page of another site can send without asking. */
function wrongType(id: `HTTP-${string}`, type: string): RequestAttack {
  return {
    id,
    name: `a mutation as "${type}"`,
    send: () => ({ headers: { 'content-type': type }, body: mutationBody }),
    answer: { status: [400, 415] },
  };
}

function wrongMethod(id: `HTTP-${string}`, method: string): RequestAttack {
  return {
    id,
    name: `the method ${method}`,
    send: () => ({ method, ...(method !== 'HEAD' && { body: typename }) }),
    answer: { status: [405] },
  };
}

function wrongOrigin(id: `HTTP-${string}`, origin: string): RequestAttack {
  return {
    id,
    name: `a page of ${origin} that asks whether it may`,
    as: 'nobody',
    send: () => ({
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,authorization',
      },
    }),
    answer: {
      status: [204],
      headers: { 'access-control-allow-origin': null, 'access-control-allow-credentials': null },
    },
  };
}

const head = (stand: Stand) =>
  `POST /graphql HTTP/1.1\r\nHost: gw\r\nContent-Type: application/json\r\nAuthorization: Bearer ${stand.token()}\r\n`;

/** Bytes that are refused as a whole, and end the connection. */
function rawAttack(id: `HTTP-${string}`, name: string, status: number, bytes: (stand: Stand) => string): Attack {
  return {
    id,
    name,
    run: async (stand) => {
      const before = await lookBefore(stand);
      const answer = await sendRaw(stand.url, bytes(stand));
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      // One answer only: what is behind the first request is no second one.
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
      checkBody(answer);
      expect(stand.calls).toHaveLength(before.calls);
      await checkAfter(stand, before);
    },
  };
}

/** Connections that say something and then wait; resolves when all of them are open. */
async function hoard(stand: Stand, count: number, first: string) {
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(Number(new URL(stand.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.write(first, () => resolve());
      await promise;
      return socket;
    }),
  );
  return sockets;
}

async function servesBeside(stand: Stand, count: number, first: string): Promise<void> {
  const before = await lookBefore(stand);
  const held = await hoard(stand, count, first);
  try {
    for (let i = 0; i < 10; i += 1) await checkAfter(stand, before);
    if (runsLong && first !== '') {
      const [socket] = held;
      const { promise, resolve } = Promise.withResolvers<string>();
      socket?.once('data', (data) => resolve(data.toString()));
      expect(await promise).toMatch(/^HTTP\/1.1 408 /);
    }
  } finally {
    for (const socket of held) socket.destroy();
  }
  await checkAfter(stand, before);
}

/** What can be wrong below GraphQL. */
export const transportAttacks: readonly Attack[] = [
  {
    id: 'HTTP-001',
    name: 'a GET that a browser sends for a page of another site',
    as: 'nobody',
    send: () => ({
      method: 'GET',
      path: '/graphql?query=query%20cop%20%7B__typename%7D',
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    }),
    answer: { status: [403], codes: ['FORBIDDEN'], says: ['apollo-require-preflight'] },
  },
  {
    id: 'HTTP-003',
    name: 'a mutation by GET',
    send: () => ({
      method: 'GET',
      path: `/graphql?query=${encodeURIComponent(mutation)}`,
      headers: { 'apollo-require-preflight': 'true' },
    }),
    answer: { status: [405] },
  },
  wrongType('HTTP-005', 'text/plain'),
  wrongType('HTTP-007', 'text/plain; application/json'),
  wrongType('HTTP-009', 'text/plain;charset=application/json'),
  wrongType('HTTP-011', ''),
  wrongType('HTTP-013', 'application/x-www-form-urlencoded; application/json'),
  {
    id: 'HTTP-015',
    name: 'a charset that few know',
    send: () => ({ headers: { 'content-type': 'application/json; charset=cp932' }, body: typename }),
    answer: { status: [415], codes: ['BAD_USER_INPUT'] },
  },
  {
    id: 'HTTP-017',
    name: 'half a JSON',
    send: () => ({ body: '{"query":' }),
    answer: { status: [400], codes: ['BAD_USER_INPUT'], hides: ['SyntaxError', 'body-parser', ' at JSON.parse'] },
  },
  {
    id: 'HTTP-019',
    name: 'JSON behind a byte order mark',
    send: () => ({ body: '\uFEFF{"query":"{__typename}"}' }),
    answer: { status: [200, 400] },
  },
  {
    id: 'HTTP-021',
    name: 'variables with the names of what every object has',
    send: () => ({
      body: '{"query":"query($c:String){leads(search:$c,first:1){totalCount}}","variables":{"__proto__":{"polluted":1},"c":"a","constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1}}',
    }),
    answer: { status: [200, 400], reachesApps: true },
  },
  {
    id: 'HTTP-023',
    name: 'variables that are no object',
    run: async (stand) => {
      const before = await lookBefore(stand);
      for (const variables of ['[]', '"x"', '7', 'true']) {
        const body = `{"query":"{__typename}","variables":${variables}}`;
        const answer = await send(stand.url, { headers: credentialsOf(stand, 'admin'), body });
        expect([variables, answer.status]).toEqual([variables, 400]);
        checkBody(answer.body);
      }
      await checkAfter(stand, before);
    },
  },
  { id: 'HTTP-025', name: 'no body', send: () => ({ body: '' }), answer: { status: [400] } },
  {
    id: 'HTTP-027',
    name: 'an encoding that nobody knows',
    send: () => ({ headers: { 'content-encoding': 'zstd-evil' }, body: 'xx' }),
    answer: { status: [415], codes: ['BAD_USER_INPUT'] },
  },
  rawAttack(
    'HTTP-029',
    'a length and chunks at once',
    400,
    (stand) => `${head(stand)}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
  ),
  rawAttack(
    'HTTP-031',
    'headers of 20,000 characters',
    431,
    (stand) => `${head(stand)}x-pad: ${'A'.repeat(20_000)}\r\n\r\n`,
  ),
  {
    id: 'HTTP-033',
    name: 'a header called __proto__',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const body = JSON.stringify(typename);
      const own = `__proto__: x\r\nconstructor: y\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
      expect(await sendRaw(stand.url, head(stand) + own + body)).toMatch(/^HTTP\/1.1 (200|400|401) /);
      await checkAfter(stand, before);
    },
  },
  {
    id: 'HTTP-035',
    name: 'bodies that come byte by byte',
    run: (stand) => servesBeside(stand, runsLong ? 500 : 50, `${head(stand)}Content-Length: 1000000\r\n\r\n{`),
  },
  {
    id: 'HTTP-037',
    name: 'connections that are opened and left',
    run: (stand) => servesBeside(stand, runsLong ? 5_000 : 100, ''),
  },
  wrongMethod('HTTP-039', 'PUT'),
  wrongMethod('HTTP-041', 'PATCH'),
  wrongMethod('HTTP-043', 'HEAD'),
  wrongOrigin('HTTP-045', 'https://evil.example'),
  wrongOrigin('HTTP-047', `${friend}.evil.tld`),
  wrongOrigin('HTTP-049', friend.replace('https', 'http')),
  {
    id: 'HTTP-051',
    name: 'clients that go away before the answer',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const headers = { ...credentialsOf(stand, 'admin'), 'content-type': 'application/json' };
      const count = runsLong ? 1_000 : 40;
      for (let i = 0; i < count; i += 1) {
        // No two are the same, or one could wait for the answer to another.
        const variables = { search: `left ${i}` };
        const query = 'query($search:String){leads(first:100,search:$search){nodes{id contact{id}}}}';
        const body = JSON.stringify({ query, variables });
        const controller = new AbortController();
        const called = stand.calls.length;
        const asked = fetch(`${stand.url}/graphql`, { method: 'POST', headers, body, signal: controller.signal });
        const ended = asked.then(
          () => undefined,
          () => undefined,
        );
        while (stand.calls.length === called) await new Promise((resolve) => setImmediate(resolve));
        controller.abort();
        await ended;
      }
      while (stand.openCalls() > 0) await new Promise((resolve) => setImmediate(resolve));
      await checkAfter(stand, before);
    },
  },
  {
    id: 'HTTP-053',
    name: 'an answer as a picture',
    send: () => ({ headers: { accept: 'image/png' }, body: typename }),
    answer: { status: [406] },
  },
  {
    id: 'HTTP-055',
    name: 'an answer by GET that a cache could keep',
    send: () => ({
      method: 'GET',
      path: '/graphql?query=%7Bviewer%7Bapp%7D%7D',
      headers: { 'apollo-require-preflight': '1' },
    }),
    answer: {
      status: [200],
      reachesApps: true,
      data: { viewer: { app: 'crm-web' } },
      headers: { 'cache-control': 'no-store' },
    },
  },
];
