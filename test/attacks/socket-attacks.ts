import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { WebSocket } from 'ws';
import { createMemoryRateLimitStore } from '../../gateway/admission/memory-rate-limit-store.ts';
import { createRateLimiter, noRateLimits } from '../../gateway/admission/rate-limit.ts';
import { runStatements } from '../support/run-statements.ts';
import { openSocket, type ServerMessage, type SocketClient } from '../support/streams/socket-client.ts';
import { askOn, compareDoors, enter, outcomeOf, postedDocuments, readUntil } from './ask-on-socket.ts';
import { type Attack, runsLong } from './attack.ts';
import { checkAfter, checkBody, lookBefore } from './check-answer.ts';
import { ask, credentialsOf, keyOfGlobex, sendRaw } from './send.ts';
import type { Stand } from './stand.ts';

const leadChanged = `subscription($id: ID) { leadChanged(id: $id) {
  ... on LeadChange { from to leads { id firstName email } } } }`;
const changes = 'subscription { changes { ... on ChangeBatch { changes { type app entity entityId data } } } }';
const createLead = (name: string) =>
  `mutation { createLead(input: {firstName: "${name}", lastName: "L", email: "${name}@example.com"}) { lead { id } userErrors { code } } }`;

const door = 'test/gateway/web-socket.test.ts';
const limits = 'test/gateway/web-socket-limits.test.ts';

/** What tells a subscriber of acme, who asks for this lead, nothing of globex. */
const topicAttack = (id: `WS-${string}`, name: string, argument: string): Attack => ({
  id,
  name,
  run: async (stand) => {
    const socket = await enter(stand);
    socket.subscribe('topic', leadChanged, { variables: { id: argument } });
    socket.subscribe('own', changes);
    // Both have begun: each has its cursor.
    const begun = [await socket.next(), await socket.next()].map((message) => message.id).sort();
    expect(begun).toEqual(['own', 'topic']);
    const foreign = `foreign${randomUUID()}`;
    const own = `own${randomUUID()}`;
    await ask(stand.url, { query: createLead(foreign) }, { 'x-tenant-key': keyOfGlobex });
    await ask(stand.url, { query: createLead(own) }, credentialsOf(stand, 'admin'));
    const told = await readUntil(socket, (text) => text.includes(own));
    expect(told).not.toContain(foreign);
    checkBody(told);
    socket.ws.close();
  },
});

/** A socket with a token that ends soon; not before the socket is let in, however slow that is. */
async function enterBriefly(stand: Stand, seconds = 2): Promise<SocketClient> {
  // Half a minute is forgiven to the issuer's clock.
  const exp = Math.floor(Date.now() / 1_000) - 30 + seconds;
  const socket = await openSocket(`${stand.url}/graphql`);
  const answer = await socket.init({ authorization: `Bearer ${stand.token({ exp })}` }).catch(() => undefined);
  return answer?.type === 'connection_ack' ? socket : await enterBriefly(stand, 2 * seconds);
}

/** Sockets that are open, each with a subscription, and nobody who waits for them. */
async function hoard(stand: Stand, url: string, count: number): Promise<readonly SocketClient[]> {
  const sockets: SocketClient[] = [];
  for (let i = 0; i < count; i += 1) {
    const socket = await enter(stand, 'admin', url);
    socket.subscribe('1', changes);
    expect(await socket.next()).toMatchObject({ type: 'next' });
    sockets.push(socket);
  }
  return sockets;
}

const protocolAttacks: readonly Attack[] = [
  {
    id: 'WS-001',
    name: 'the old subprotocol',
    provenBy: [[limits, 'tells a client that speaks %j that it is not understood']],
  },
  { id: 'WS-003', name: 'a socket that says nothing', provenBy: [[door, 'is not waited for when it %s']] },
  {
    id: 'WS-005',
    name: 'a subscription before the socket is initialised',
    provenBy: [[limits, 'that uses an id twice, sends bytes, or subscribes before it is let in is closed']],
  },
  { id: 'WS-007', name: 'a look-up of credentials that hangs', provenBy: [[door, 'is not waited for when it %s']] },
  { id: 'WS-009', name: 'a message of an unknown type', provenBy: [[limits, 'that says %s is closed']] },
  {
    id: 'WS-011',
    name: 'an id of an operation that is in use',
    provenBy: [[limits, 'that uses an id twice, sends bytes, or subscribes before it is let in is closed']],
  },
  ...(['WS-013', 'WS-015'] as const).map(
    (id, index): Attack => ({
      id,
      name: `an operation called ${['constructor', 'hasOwnProperty'][index]}`,
      provenBy: [[limits, 'may call its operations as objects call what they have']],
    }),
  ),
  {
    id: 'WS-017',
    name: '1,001 subscriptions on one socket',
    run: async (stand) => {
      const socket = await enter(stand);
      for (let i = 1; i <= 1_001; i += 1) socket.subscribe(String(i), changes);
      const refused = new Set<string>();
      const begun = new Set<string>();
      while (refused.size + begun.size < 1_001) {
        const { id = '', type, payload } = await socket.next();
        (type === 'error' ? refused : begun).add(id);
        if (type === 'error')
          expect(payload).toMatchObject([{ extensions: { limit: 'operationsPerSocket', value: 100 } }]);
      }
      expect([begun.size, Math.min(...Array.from(refused, Number))]).toEqual([100, 101]);
      socket.ws.close();
    },
  },
];

const documentsOnSockets: readonly Attack[] = [
  {
    id: 'WS-019',
    name: 'operations over a socket, which are held to what holds over HTTP',
    run: async (stand) => {
      const before = await lookBefore(stand);
      let compared = 0;
      for (const attack of postedDocuments) compared += Number(await compareDoors(stand, attack));
      expect(compared).toBeGreaterThan(40);

      const correlationId = randomUUID();
      const socket = await enter(stand, { permissions: ['read:metrics'] });
      const denied = 'query Leads { leads(first: 1) { nodes { id } } }';
      await askOn(socket, { query: denied, extensions: { 'x-correlation-id': correlationId } });
      const records = await stand.recordsOf('acme', correlationId);
      expect(records).toEqual([expect.objectContaining({ outcome: 'DENIED', permission: 'read:leads' })]);
      socket.ws.close();

      const counter = createMemoryRateLimitStore();
      const rateLimiter = createRateLimiter(counter, { ...noRateLimits, keyCostPerMinute: 3 });
      const poor = await enter(stand, 'admin', await stand.openGateway({ rateLimiter }));
      const codes: unknown[] = [];
      const query = '{ leads(first: 1) { totalCount } }';
      for (let i = 0; i < 10; i += 1) codes.push(...outcomeOf(await askOn(poor, { query })).codes);
      expect(new Set(codes)).toEqual(new Set(['RATE_LIMITED']));
      poor.ws.close();
      await checkAfter(stand, before);
    },
  },
  {
    id: 'WS-021',
    name: 'a deep document over a socket',
    run: async (stand) => {
      const socket = await enter(stand);
      const deep = `subscription { leadChanged { ... on LeadChange { leads { ${'contact { leads { nodes { '.repeat(5)} id ${'} } } '.repeat(5)} } } } }`;
      const codes = outcomeOf(await askOn(socket, { query: deep })).codes;
      expect(['OPERATION_LIMIT_EXCEEDED', 'BAD_USER_INPUT']).toContain(codes[0]);
      socket.ws.close();
    },
  },
  {
    id: 'WS-023',
    name: 'introspection over a socket',
    run: async (stand) => {
      const socket = await enter(stand, { permissions: ['read:leads'] });
      const answer = await askOn(socket, { query: '{ __schema { types { name } } }' });
      expect(outcomeOf(answer)).toEqual({ data: null, codes: ['FORBIDDEN'] });
      expect(JSON.stringify(answer)).not.toContain('"types"');
      socket.ws.close();
    },
  },
  {
    id: 'WS-025',
    name: 'a socket opened by a page of another site, with a cookie',
    provenBy: [[limits, 'opens for pages of its own, of those that are let in, and for what is no page']],
  },
  { id: 'WS-027', name: 'a socket with a cookie alone', provenBy: [[door, 'is refused when it is %s']] },
];

const credentialsOnSockets: readonly Attack[] = [
  {
    id: 'WS-029',
    name: 'a token that ends while it is in use',
    run: async (stand) => {
      const socket = await enterBriefly(stand);
      socket.subscribe('1', changes);
      const all: ServerMessage[] = [];
      while (all.at(-1)?.type !== 'error') all.push(await socket.next());
      expect(all.at(-1)).toMatchObject({ id: '1', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
      expect(await socket.closed).toMatchObject({ code: 4403 });
    },
  },
  {
    id: 'WS-031',
    name: 'a tenant that becomes inactive meanwhile',
    run: async (stand) => {
      const setActive = (isActive: boolean) =>
        runStatements(
          stand.database.ownerUrl,
          'BEGIN',
          `SET LOCAL panorama.tenant_id = 'sleepy'`,
          `INSERT INTO users.tenants (tenant_id, name, is_active) VALUES ('sleepy', 'Sleepy', ${isActive})
           ON CONFLICT (tenant_id) DO UPDATE SET is_active = ${isActive}`,
          'COMMIT',
        );
      await setActive(true);
      const url = await stand.openGateway({ streams: { recheckMs: 100 } });
      const socket = await openSocket(`${url}/graphql`);
      await socket.init({ authorization: `Bearer ${stand.token({ tenantId: 'sleepy' })}` });
      socket.subscribe('1', changes);
      expect(await socket.next()).toMatchObject({ type: 'next' });
      await setActive(false);
      const told = await readUntil(socket, (text) => text.includes('"error"'));
      expect(told).toContain('TENANT_INACTIVE');
      expect(await socket.closed).toMatchObject({ code: 4403 });
    },
  },
];

const floods: readonly Attack[] = [
  { id: 'WS-033', name: 'messages in very many small pieces', provenBy: [[limits, 'may say so much']] },
  { id: 'WS-035', name: 'a compressed bomb', provenBy: [[limits, 'unfolds nothing']] },
  ...(['WS-037', 'WS-039'] as const).map((id, index): Attack => {
    const payload = index === 0 ? {} : { p: 'A'.repeat(60_000) };
    const atOnce = index === 0 ? 500 : 20;
    return {
      id,
      name: ['a flood of pings', 'pings with much in them'][index] ?? '',
      run: async (stand) => {
        const before = await lookBefore(stand);
        const socket = await enter(stand);
        let sent = 0;
        let answers = 0;
        socket.ws.on('message', () => {
          answers += 1;
        });
        while (socket.ws.readyState === WebSocket.OPEN) {
          for (let i = 0; i < atOnce; i += 1) socket.send({ type: 'ping', payload });
          sent += atOnce;
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(await socket.closed).toMatchObject({ code: 4429 });
        expect(answers).toBeLessThan(sent);
        await checkAfter(stand, before);
      },
    };
  }),
  {
    id: 'WS-041',
    name: 'a peer that is gone without a word',
    provenBy: [[limits, 'whose peer is gone without a word is closed']],
  },
  {
    id: 'WS-043',
    name: '10,000 sockets that are cut off',
    run: async (stand) => {
      const before = await lookBefore(stand);
      // As many as there may be at a time, again and again: whatever one kept would be missed by the next.
      const url = await stand.openGateway({
        streams: { streams: 5, streamsPerTenant: 5, subscriptionsPerCredential: 5 },
      });
      for (let i = 0; i < (runsLong ? 10_000 : 60); i += 1) {
        let socket: SocketClient | undefined;
        while (!socket) socket = await enter(stand, 'admin', url).catch(() => undefined);
        socket.subscribe('1', changes);
        expect(await socket.next()).toMatchObject({ type: 'next' });
        socket.ws.terminate();
      }
      await checkAfter(stand, before);
    },
  },
  topicAttack('WS-045', 'a wildcard in an argument', '>'),
  topicAttack('WS-047', 'another tenant in an argument', 'globex'),
  topicAttack('WS-049', '__proto__ in an argument', '__proto__'),
  topicAttack('WS-051', 'a path in an argument', 'globex.lea_globex_0001_1'),
  {
    id: 'WS-053',
    name: 'equal subscriptions of callers with other permissions',
    run: async (stand) => {
      const socketOf = (...permissions: string[]) => enter(stand, { permissions });
      const [less, more] = [await socketOf('read:leads'), await socketOf('read:leads', 'read:contacts')];
      for (const socket of [less, more]) {
        socket.subscribe('1', changes);
        await socket.next();
      }
      const name = `merged${randomUUID()}`;
      const contact = `mutation { createContact(input: {firstName: "${name}", lastName: "C", email: "c${name}@example.com"}) { userErrors { code } } }`;
      for (const query of [contact, createLead(`${name}lead`)]) {
        const { data } = await ask(stand.url, { query }, credentialsOf(stand, 'admin'));
        expect(Object.values(data ?? {})[0]).toMatchObject({ userErrors: [] });
      }
      const isThere = (text: string) => text.includes('LEAD_CREATED');
      expect(await readUntil(more, isThere)).toContain('CONTACT_CREATED');
      expect(await readUntil(less, isThere)).not.toContain('CONTACT_CREATED');
      for (const socket of [less, more]) socket.ws.close();
    },
  },
  {
    id: 'WS-055',
    name: 'a subprotocol that a careless pattern would try for ever',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const head = `GET /graphql HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`;
      const answer = await sendRaw(stand.url, `${head}Sec-WebSocket-Protocol: b${' '.repeat(15_000)}x\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 (400|431) /);
      checkBody(answer);
      await checkAfter(stand, before);
    },
  },
  {
    id: 'WS-057',
    name: 'a failure whose reason shows in the closing of the socket',
    provenBy: [[door, 'is not told why its look-up failed']],
  },
  {
    id: 'WS-059',
    name: 'a stop with 10,000 sockets open',
    run: async (stand) => {
      const { url, stop } = await stand.openStoppable();
      const sockets = await hoard(stand, url, runsLong ? 10_000 : 40);
      const stopped = stop(60_000);
      for (const { closed } of sockets) expect(await closed).toMatchObject({ code: 1001 });
      await stopped;
    },
  },
  {
    id: 'WS-061',
    name: 'a storm of events into one subscription',
    provenBy: [[limits, 'is not sent more than it takes, and closed when it takes nothing']],
  },
];

/** What can be wrong with a socket, and with what is sent over it. */
export const socketAttacks: readonly Attack[] = [
  ...protocolAttacks,
  ...documentsOnSockets,
  ...credentialsOnSockets,
  ...floods,
];
