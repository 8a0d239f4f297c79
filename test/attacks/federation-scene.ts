import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { pino } from 'pino';
import { connectSubgraphs } from '../../gateway/connections/connect-subgraphs.ts';
import { startSubgraphServer } from '../../kernel/subgraph/http-server.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner, createCallVerifier, subgraphTokenHeader } from '../../kernel/tenancy/subgraph-token.ts';
import { type Answer, send } from './send.ts';
import { openStand, type Stand } from './stand.ts';

/** What a token for a subgraph is made of; by default it is a good one of acme's administrator. */
export interface TokenParts {
  readonly tenant?: string;
  readonly permissions?: readonly string[];
  readonly audience?: string;
  readonly secret?: string;
  /** By how many milliseconds the clock of whoever signs is behind. */
  readonly behindMs?: number;
}

/** A stand with a gateway that reaches the CRM over HTTP, by a relay that can answer in its place. */
export interface FederationScene {
  readonly stand: Stand;
  /** Of that gateway, without a path. */
  readonly url: string;
  /** The headers of every call that the gateway sent to the CRM. */
  readonly seen: IncomingHttpHeaders[];
  /** Lets the relay answer by itself, or, without a word, pass everything on again. */
  answerWith(listener?: RequestListener): void;
  /** Another gateway, which waits only so long for the CRM. */
  openGateway(timeoutMs: number): Promise<string>;
  /** Signs a body for the CRM. */
  sign(body: string, parts?: TokenParts): string;
  /** Sends a body straight to the CRM, past any gateway. */
  askSubgraph(body: string, headers: Readonly<Record<string, string>>): Promise<Answer>;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const timeoutMs = 20_000;

/** Opens the scene on a stand of its own. */
export async function openFederationScene(): Promise<FederationScene> {
  const stand = await openStand();
  const crm = stand.apps.find(({ name }) => name === 'crm');
  if (!crm) throw new Error('There is no CRM.');
  const server = await startSubgraphServer({
    name: 'crm',
    execute: crm.execute,
    verifyCall: createCallVerifier(stand.secret, 'crm'),
    port: 0,
    host,
    logger: pino({ level: 'silent' }),
  });
  const crmUrl = `http://${host}:${server.port}`;
  const seen: IncomingHttpHeaders[] = [];
  let instead: RequestListener | undefined;
  const relay = createServer(async (request, response) => {
    seen.push(request.headers);
    if (instead) return void instead(request, response);
    const body = await readText(request);
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    const answer = await send(crmUrl, { headers: headers as Record<string, string>, body });
    response
      .writeHead(Number(answer.status), { 'content-type': answer.headers['content-type'] ?? '' })
      .end(answer.body);
  });
  relay.listen(0, host);
  await once(relay, 'listening');
  const relayUrl = `http://${host}:${(relay.address() as AddressInfo).port}`;

  const openGateway = (waitMs: number) => {
    const subgraphs = new Map([['crm', { name: 'crm', url: `${relayUrl}/graphql` }]]);
    const options = { forwardHeaders: [], timeoutMs: waitMs, maxAnswerBytes: 1_000_000, tokenSecret: stand.secret };
    const overHttp = connectSubgraphs({ ...stand.supergraph, subgraphs }, () => options);
    const connections = new Map([...stand.connections, ...overHttp]);
    return stand.openGateway({ current: () => ({ supergraph: stand.supergraph, connections }) });
  };

  return {
    stand,
    url: await openGateway(timeoutMs),
    seen,
    answerWith: (listener) => {
      instead = listener;
    },
    openGateway,
    sign: (body, parts) => signFor(stand.secret, body, parts),
    askSubgraph: (body, headers) => send(crmUrl, { body, headers }),
    async stop() {
      await stand.stop();
      relay.closeAllConnections();
      relay.close();
      await once(relay, 'close');
      await server.drain(1_000);
    },
  };
}

function signFor(ownSecret: string, body: string, parts: TokenParts = {}): string {
  const { tenant = 'acme', permissions = ['*'], audience = 'crm', secret = ownSecret, behindMs = 0 } = parts;
  const tenantId = parseTenantId(tenant);
  const principal = createPrincipal({ tenantId, app: 'crm-web', credentialId: 'k', userId: undefined, permissions });
  const sign = createCallSigner(secret, audience, () => Date.now() - behindMs);
  return sign({ principal, correlationId: 'of-an-attack', body });
}

export const tokenHeader = subgraphTokenHeader;
