import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { buildSchema, graphql } from 'graphql';
import { makeServer } from 'graphql-ws';
import type { Browser, Page, Request } from 'playwright-core';
import { createPlayground, type Playground } from '../../gateway/server/playground.ts';
import { launchBrowser, newPage, type WatchedPage } from '../support/browser.ts';

const schema = buildSchema(/* GraphQL */ `
  type Query { customer360(id: ID!): Customer  customers(first: Int, search: String): CustomerConnection }
  type Mutation { createLead(input: CreateLeadInput!): CreateLeadPayload! }
  type Subscription { changes(types: [String!], after: ID): FeedEvent! }
  type Customer { id: ID!  profile: Profile  behavior: Behavior  documents: Documents  crm: Crm  insights: Insights }
  type Profile { username: String  email: String  createdAt: String  lastLogin: String }
  type Behavior { behaviorScore: Int  sessionCount: Int  lastActivity: String  engagementLevel: String }
  type Documents { documentCount: Int  storageUsage: Int  recentDocuments: [Document!] }
  type Document { id: ID!  title: String }
  type Crm { contact: Contact  leads: [Lead!]  deals: [Deal!] }
  type Contact { id: ID!  email: String }
  type Lead { id: ID!  status: String  email: String }
  type Deal { id: ID!  amount: Int  stage: String }
  type Insights { healthScore: Float  recommendedActions: [String!] }
  type CustomerConnection { nodes: [Customer!]!  pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean!  endCursor: String }
  input CreateLeadInput { firstName: String!  lastName: String!  email: String!  source: String }
  type CreateLeadPayload { lead: Lead  userErrors: [UserError!]! }
  type UserError { field: String  message: String!  code: String! }
  union FeedEvent = ChangeBatch | Resync
  type ChangeBatch { from: ID  to: ID  changes: [Change!]! }
  type Change { type: String!  app: String!  entity: String!  entityId: ID!  version: Int!  data: String }
  type Resync { reason: String! }
`);

const customer = {
  id: 'cus_acme_0001',
  profile: { username: 'ada.byron', email: 'ada@acme.example', createdAt: '2025-01-04T09:00:00.000Z', lastLogin: null },
  behavior: { behaviorScore: 82, sessionCount: 34, engagementLevel: 'HIGH' },
  documents: { documentCount: 7, storageUsage: 71_680, recentDocuments: [{ id: 'doc_1', title: 'Contract' }] },
  crm: { contact: { id: 'con_1', email: 'ada@acme.example' }, leads: [], deals: [] },
  insights: { healthScore: 85, recommendedActions: [] },
};

const identities = [
  { label: 'Acme admin', key: 'demo-acme-admin', app: 'crm', description: 'Tenant acme, every permission' },
  { label: 'Globex admin', key: 'demo-globex-admin', app: 'crm', description: 'Tenant globex, every permission' },
];

let browser: Browser;
let server: Server;
let origin: string;
let watched: WatchedPage;
let received: IncomingHttpHeaders[];

beforeAll(async () => {
  const directory = fileURLToPath(new URL('../../generated/playground', import.meta.url));
  const playground = await createPlayground({
    directory,
    config: { endpoint: '/graphql', identities, customerId: customer.id },
  });
  server = startStandIn(playground);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  received = [];
  watched = await newPage(browser, origin);
});

afterEach(async () => {
  await watched.page.context().close();
});

describe('the playground', () => {
  test('a developer presses Run and reads the whole customer, with nothing loaded from elsewhere', async () => {
    const { page } = watched;
    await open(page);
    await pressRun(page);
    await answerWith(page, '"username": "ada.byron"');
    await answerWith(page, '"healthScore": 85');

    expect(await page.title()).toContain('Panorama');
    expect(watched.foreignRequests).toEqual([]);
    expect(watched.complaints).toEqual([]);
    expect(lastReceived()).toMatchObject({ 'x-tenant-key': 'demo-acme-admin', 'x-source-app': 'crm' });
    expect(lastReceived().accept).toMatch(/^application\/graphql-response\+json/);
  });

  test('a developer who switches identity reads the schema and runs queries as the other one', async () => {
    const { page } = watched;
    await open(page);
    const introspection = page.waitForRequest((request) => isIntrospection(request));
    await page.getByLabel('Acting as').selectOption('Globex admin');
    await introspection;
    await page.getByText('Tenant globex, every permission').waitFor();
    await pressRun(page);
    await answerWith(page, '"customer360": null');

    expect(lastReceived()['x-tenant-key']).toBe('demo-globex-admin');
    expect(watched.complaints).toEqual([]);
  });

  test('a developer who types a key acts with it, and it goes when the browser tab is closed', async () => {
    const { page } = watched;
    await open(page);
    await page.getByLabel('Acting as').selectOption('Another key…');
    await page.getByLabel('Key', { exact: true }).fill('typed-key');
    await page.getByLabel('App', { exact: true }).fill('dashboard');
    await page.getByLabel('App', { exact: true }).press('Enter');
    await pressRun(page);
    await answerWith(page, '"customer360": null');

    expect(lastReceived()).toMatchObject({ 'x-tenant-key': 'typed-key', 'x-source-app': 'dashboard' });
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('typed-key');
  });

  test('a developer who writes a header in the Headers tab overrules the chosen identity', async () => {
    const { page } = watched;
    await open(page);
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await page.getByRole('region', { name: 'Headers' }).getByRole('code').click();
    await page.keyboard.insertText('{"X-Tenant-Key": "written-key"}');
    await pressRun(page);
    await answerWith(page, '"customer360": null');

    expect(lastReceived()).toMatchObject({ 'x-tenant-key': 'written-key', 'x-source-app': 'crm' });
  });

  test('a developer keeps every event of a subscription, and can hold the list still', async () => {
    const { page } = watched;
    const feed = await serveFeed(page);
    await open(page);
    await openTab(page, 'Changes');
    await pressRun(page);
    for (const number of [1, 2, 3]) feed.publish(`lead_${number}`);
    await rows(page).nth(2).waitFor();
    expect(await rows(page).allTextContents()).toEqual([
      expect.stringContaining('lead_3'),
      expect.stringContaining('lead_2'),
      expect.stringContaining('lead_1'),
    ]);
    expect(feed.connectionParams).toEqual({ 'x-tenant-key': 'demo-acme-admin', 'x-source-app': 'crm' });

    await page.getByRole('button', { name: 'Pause' }).click();
    feed.publish('lead_4');
    await page.getByText('1 held back').waitFor();
    expect(await rows(page).count()).toBe(3);
    await page.getByRole('button', { name: 'Resume' }).click();
    await rows(page).nth(3).waitFor();
    await rows(page).first().locator('summary').click();
    await rows(page).first().locator('pre').filter({ hasText: '"entityId": "lead_4"' }).waitFor();

    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await rows(page).count()).toBe(0);
    for (let number = 1; number <= 205; number += 1) feed.publish(`deal_${number}`);
    await page.getByRole('button', { name: 'Show older events (5 more)' }).click();
    await rows(page).nth(204).filter({ hasText: 'deal_1"' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBe(page.viewportSize()?.height);

    await page.getByLabel('Acting as').selectOption('Globex admin');
    await page.getByText('Ended').waitFor();
    expect(watched.complaints).toEqual([]);
  });

  test('a developer who misspells a field sees it underlined', async () => {
    const { page } = watched;
    await open(page);
    await page.locator('.graphiql-query-editor').getByRole('code').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('{ customer361(id: "x") { id } }');
    await page.locator('.graphiql-query-editor .squiggly-error').first().waitFor();

    expect(page.workers().length).toBeGreaterThan(0);
    expect(watched.complaints).toEqual([]);
  });

  test('a developer reads an answer that comes in parts', async () => {
    const { page } = watched;
    await open(page);
    const parts = [
      { data: { customer360: { id: 'cus_acme_0001' } }, hasNext: true },
      { incremental: [{ path: ['customer360'], data: { insights: { healthScore: 85 } } }], hasNext: false },
    ].map((part) => `\r\n---\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(part)}`);
    await page.route('**/graphql', (route) =>
      route.fulfill({ contentType: 'multipart/mixed; boundary="-"', body: `${parts.join('')}\r\n-----\r\n` }),
    );
    await pressRun(page);
    await answerWith(page, '"healthScore": 85');
    await answerWith(page, '"id": "cus_acme_0001"');
  });

  test('a developer whose WebSocket is refused reads why in the answer', async () => {
    const { page } = watched;
    await open(page);
    await openTab(page, 'Changes');
    await pressRun(page);
    await answerWith(page, 'was refused or broken off');

    expect(watched.complaints.join()).not.toContain('Content Security Policy');
  });

  test('a developer whose server is gone reads so in the answer', async () => {
    const { page } = watched;
    await open(page);
    await page.route('**/graphql', (route) => route.abort('connectionrefused'));
    await pressRun(page);
    await answerWith(page, 'No answer from /graphql');
  });
});

describe('the server of the playground', () => {
  test('a browser gets the page uncached and its files compressed, for good', async () => {
    const page = await fetch(`${origin}/playground`);
    const [script] = /assets\/index-[\w-]+\.js/.exec(await page.text()) ?? [];
    const asset = await fetch(`${origin}/playground/${script}`, { headers: { 'accept-encoding': 'br' } });
    const again = await fetch(`${origin}/playground/`, {
      headers: { 'if-none-match': page.headers.get('etag') ?? '' },
    });

    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-encoding')).toBe('br');
    expect(again.status).toBe(304);
  });

  test('a client that asks for anything but the files of the bundle gets nothing', async () => {
    const statusOf = async (path: string, method = 'GET') => (await fetch(origin + path, { method })).status;

    expect(await statusOf('/playground/..%2f..%2fpackage.json')).toBe(404);
    expect(await statusOf('/playground/%2e%2e/%2e%2e/package.json')).toBe(404);
    expect(await statusOf('/playground/index.html.br')).toBe(404);
    expect(await statusOf('/playground/toString')).toBe(404);
    expect(await statusOf('/playground/', 'POST')).toBe(405);
    expect(await statusOf('/playground/', 'HEAD')).toBe(200);
    expect(await statusOf('/playgrounds')).toBe(404);
  });

  test('a developer without a bundle is told the command that makes one', async () => {
    const config = { endpoint: '/graphql', identities: [], customerId: customer.id };
    const bare = startStandIn(await createPlayground({ directory: '/nowhere/playground', config }));
    await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
    const response = await fetch(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/playground`);

    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm run generate');
    bare.closeAllConnections();
    await new Promise((resolve) => bare.close(resolve));
  });
});

/** A server with the playground and a small GraphQL endpoint, which knows the one customer of tenant acme. */
function startStandIn(playground: Playground): Server {
  return createServer(async (request, response) => {
    if (await playground(request, response)) return;
    if (request.url !== '/graphql' || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { query, operationName, variables } = JSON.parse(Buffer.concat(chunks).toString());
    received.push(request.headers);
    const isAcme = request.headers['x-tenant-key'] === 'demo-acme-admin';
    const rootValue = { customer360: ({ id }: { id: string }) => (isAcme && id === customer.id ? customer : null) };
    const answer = await graphql({ schema, source: query, operationName, variableValues: variables, rootValue });
    response.writeHead(200, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify(answer));
  });
}

/** Answers the page's WebSocket with a graphql-transport-ws server whose one subscription yields what is published. */
async function serveFeed(page: Page) {
  const published: string[] = [];
  let wake = (): void => {};
  const feed = {
    connectionParams: undefined as unknown,
    publish(entityId: string): void {
      published.push(entityId);
      wake();
    },
  };
  async function* changes() {
    for (let index = 0; ; index += 1) {
      while (published[index] === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const change = { type: 'LEAD_CREATED', app: 'crm', entity: 'Lead', entityId: published[index], version: 1 };
      yield { changes: { __typename: 'ChangeBatch', from: `c${index}`, to: `c${index + 1}`, changes: [change] } };
    }
  }
  const transport = makeServer({
    schema,
    connectionInitWaitTimeout: 0,
    roots: { subscription: { changes } },
    onConnect({ connectionParams }) {
      feed.connectionParams = connectionParams;
    },
  });
  await page.routeWebSocket(`${origin.replace('http', 'ws')}/graphql`, (socket) => {
    const closed = transport.opened(
      {
        protocol: 'graphql-transport-ws',
        send: async (data) => socket.send(data),
        close: (code, reason) => socket.close({ code: code ?? 1000, reason: reason ?? '' }),
        onMessage: (receive) => socket.onMessage((data) => receive(String(data))),
      },
      {},
    );
    socket.onClose(async (code, reason) => {
      await closed(code, reason);
      await socket.close({ code: code ?? 1000, reason: reason ?? '' });
    });
  });
  return feed;
}

async function open(page: Page): Promise<void> {
  await page.goto(`${origin}/playground`);
  // The editor has read the schema and shows the first example.
  await page.locator('.graphiql-query-editor .view-line').filter({ hasText: 'customer360' }).first().waitFor();
}

async function openTab(page: Page, name: string): Promise<void> {
  await page.getByTitle(name, { exact: true }).click();
  await page
    .locator('.graphiql-query-editor .view-line')
    .filter({ hasText: `subscription ${name}` })
    .waitFor();
}

async function pressRun(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Execute query/ }).click();
}

async function answerWith(page: Page, text: string): Promise<void> {
  await page.locator('.result-window .view-lines').filter({ hasText: text }).waitFor();
}

function rows(page: Page) {
  return page.getByRole('region', { name: 'Subscription events' }).locator('details');
}

function isIntrospection(request: Request): boolean {
  return request.postData()?.includes('IntrospectionQuery') ?? false;
}

function lastReceived(): IncomingHttpHeaders {
  const last = received.at(-1);
  if (last === undefined) throw new Error('The server received no request.');
  return last;
}
