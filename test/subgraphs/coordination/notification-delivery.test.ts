import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { post, reasonOf } from '../../../subgraphs/coordination/notifications/post-webhook.ts';
import { isPublicAddress, mayBePublic } from '../../../subgraphs/coordination/notifications/public-address.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

type Fields = Readonly<Record<string, unknown>>;
interface Delivery {
  readonly notificationId: string;
  readonly userId: string | null;
  readonly status: string;
  readonly attempts: number;
  readonly responseCode: number | null;
  readonly reason: string | null;
}
interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let database: TestDatabase;
let usersApp: TestApp;
let app: TestApp;
/** Mail that was taken: to whom, and all of it. */
const mails: { readonly to: readonly string[]; readonly raw: string }[] = [];
/** What the servers answer next; after that they take everything. */
let mailReplies: number[] = [];
let hookReplies: number[] = [];
const posts: Posted[] = [];

const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, session, done) {
    void text(stream).then((raw) => {
      const responseCode = mailReplies.shift();
      if (responseCode !== undefined) return done(Object.assign(new Error('Not now'), { responseCode }));
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
      done();
    });
  },
});
const hookServer: Server = createServer((request, response) => {
  void text(request).then((body) => {
    const status = hookReplies.shift() ?? 200;
    posts.push({ headers: request.headers, body });
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
});

const portOf = (address: unknown) => (address as AddressInfo).port;
const hookUrl = () => `http://localhost:${portOf(hookServer.address())}/hook`;

beforeAll(async () => {
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => hookServer.listen(0, 'localhost', resolve));
  const mail = {
    url: `smtp://127.0.0.1:${portOf(mailServer.server.address())}`,
    from: 'Panorama <alerts@panorama.test>',
  };
  database = await createTestDatabase();
  usersApp = await startTestApp(users, database);
  await usersApp.insertDemo({ id: parseTenantId('acme'), name: 'Acme', people: [], keys: [] });
  const outlets = { mail, allowsPrivateAddresses: true };
  app = await startTestApp(coordination, database, [usersApp], undefined, (callApp) => callApp, outlets);
  const role = await send(usersApp, 'createRole', { name: 'guard', permissions: ['read:security'] }, 'role { id }');
  for (const name of ['ada', 'bob', 'eve']) {
    await send(usersApp, 'createUser', { id: `usr_${name}`, username: name, email: `${name}@example.com` });
    if (name !== 'eve') {
      await send(usersApp, 'assignRole', { roleId: (role.role as { id: string }).id, userId: `usr_${name}` });
    }
  }
});

afterAll(async () => {
  await app.stop();
  await usersApp.stop();
  await database.drop();
  await new Promise<void>((resolve) => mailServer.close(resolve));
  hookServer.closeAllConnections();
  await new Promise((resolve) => hookServer.close(resolve));
});

beforeEach(() => {
  mails.length = 0;
  posts.length = 0;
  mailReplies = [];
  hookReplies = [];
});

async function send(to: TestApp, mutation: string, input: Fields, more = '', caller: TestCaller = {}): Promise<Fields> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${more} userErrors { field message } } }`;
  const { data, errors } = await to.execute<Record<string, Fields>>(document, { input }, caller);
  expect({ errors, userErrors: data?.[mutation]?.userErrors }).toEqual({ errors: undefined, userErrors: [] });
  return data[mutation] ?? {};
}

const tell = (input: Fields) =>
  send(app, 'createNotification', { type: 'NOTE', title: 'A note', message: 'Read it', ...input });

const want = (userId: string, preference: Fields) =>
  send(app, 'updateNotificationPreferences', { preferences: [preference] }, '', { userId, permissions: [] });

async function deliveriesOf(field: 'emailDeliveries' | 'webhookDeliveries', id: string): Promise<readonly Delivery[]> {
  const query = `{ ${field}(first: 100) { nodes { notificationId userId status attempts responseCode reason } } }`;
  const { data } = await app.execute<Record<string, { readonly nodes: readonly Delivery[] }>>(query);
  return (data[field]?.nodes ?? []).filter(({ notificationId }) => notificationId === id);
}

/** Waits until all that goes out of a notification has ended so, and gives what it came to. */
async function endOf(field: 'emailDeliveries' | 'webhookDeliveries', id: string, status: string): Promise<Delivery> {
  let all: readonly Delivery[] = [];
  await eventually(async () => {
    all = await deliveriesOf(field, id);
    return all.length > 0 && all.every((one) => one.status === status);
  });
  expect(all).toHaveLength(1);
  return all[0] as Delivery;
}

describe('e-mail', () => {
  test('of what is critical goes to all who hold the permission and want it, again where it was not taken', async () => {
    await want('usr_bob', { email: false });
    mailReplies = [451];
    const title = 'A breach\r\nBcc: eve@example.com';
    await tell({ id: 'ntf_breach', title, permission: 'read:security', priority: 'CRITICAL' });
    const end = await endOf('emailDeliveries', 'ntf_breach', 'SUCCEEDED');
    expect(end).toMatchObject({ userId: 'usr_ada', attempts: 2, responseCode: 250, reason: null });
    expect(mails.map(({ to }) => to)).toEqual([['ada@example.com']]);
    const [headers = '', ...body] = mails[0]?.raw.split('\r\n\r\n') ?? [];
    expect(headers).toContain('Subject: A breach Bcc: eve@example.com\r\n');
    expect(headers).not.toMatch(/^bcc:/im);
    expect(body.join()).toContain('Read it');
  });

  test('goes to those who asked for it, and to nobody who may not read it by then', async () => {
    await want('usr_bob', { type: 'NOTE', email: true });
    await want('usr_eve', { type: 'NOTE', email: true });
    await tell({ id: 'ntf_bob', userId: 'usr_bob' });
    expect(await endOf('emailDeliveries', 'ntf_bob', 'SUCCEEDED')).toMatchObject({ userId: 'usr_bob' });
    await want('usr_bob', { type: 'NOTE', email: false });
    await tell({ id: 'ntf_guards', permission: 'read:security' });
    expect(await endOf('emailDeliveries', 'ntf_guards', 'SKIPPED')).toMatchObject({ reason: 'NOT_ALLOWED' });
    expect(mails.map(({ to }) => to)).toEqual([['bob@example.com']]);
  });
});

describe('a webhook', () => {
  const guard: TestCaller = { permissions: ['write:webhooks', 'read:security'] };
  const register = async (types: readonly string[]) => {
    const made = await send(app, 'registerWebhook', { url: hookUrl(), types }, 'webhook { id } secret', guard);
    return made as { readonly webhook: { readonly id: string }; readonly secret: string };
  };

  test('is told what its owner may read, signed, and again until it is taken', async () => {
    const { webhook, secret } = await register(['NOTE']);
    hookReplies = [503];
    await tell({ id: 'ntf_1', permission: 'read:deals' });
    await tell({ id: 'ntf_2', permission: 'read:security', about: { entity: 'Incident', id: 'inc_1' } });
    const end = await endOf('webhookDeliveries', 'ntf_2', 'SUCCEEDED');
    expect(end).toMatchObject({ attempts: 2, responseCode: 200 });
    expect(await deliveriesOf('webhookDeliveries', 'ntf_1')).toEqual([]);
    expect(posts).toHaveLength(2);
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    for (const { headers, body } of posts) {
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers;
      const expected = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
      expect(signature).toBe(`v1,${expected}`);
      expect(JSON.parse(body)).toMatchObject({ type: 'NOTE', data: { id: 'ntf_2', about: { id: 'inc_1' } } });
    }
    expect(posts[0]?.headers['webhook-id']).toBe(posts[1]?.headers['webhook-id']);
    await send(app, 'removeWebhook', { id: webhook.id });
    await tell({ id: 'ntf_3' });
    expect(await deliveriesOf('webhookDeliveries', 'ntf_3')).toEqual([]);
  });

  test('that refuses for good is listed, and told again when it is redriven', async () => {
    const { webhook } = await register([]);
    hookReplies = [410];
    await tell({ id: 'ntf_4' });
    const failed = await endOf('webhookDeliveries', 'ntf_4', 'FAILED');
    expect(failed).toMatchObject({ responseCode: 410, reason: 'NOT_TAKEN' });
    const elsewhere: TestCaller = { tenant: 'globex' };
    const others = await app.execute('{ webhooks { nodes { id } } webhookDeliveries { nodes { id } } }', {}, elsewhere);
    expect(others.data).toEqual({ webhooks: { nodes: [] }, webhookDeliveries: { nodes: [] } });
    const redrive = { queue: 'notification-delivery', all: true };
    await eventually(async () => (await send(app, 'redriveQueue', redrive, 'count')).count === 1);
    await endOf('webhookDeliveries', 'ntf_4', 'SUCCEEDED');
    await send(app, 'removeWebhook', { id: webhook.id });
  });

  test('leads to public addresses only, follows nothing, and has no password', async () => {
    const closed = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '100.64.0.1', '0.0.0.0', '::1', '::ffff:10.0.0.1'];
    for (const address of [...closed, 'fe80::1', 'fd00::1', '64:ff9b::a00:1', '2002:a00:1::']) {
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
    }
    for (const url of [
      'http://db.internal/',
      'http://db/',
      'http://rebind.test./',
      'http://[::1]/',
      'http://0x7f000001/',
    ]) {
      expect([url, mayBePublic(new URL(url))]).toEqual([url, false]);
    }
    expect(mayBePublic(new URL('https://example.com/hook'))).toBe(true);
    for (const address of ['93.184.216.34', '2606:4700::1111']) expect(isPublicAddress(address)).toBe(true);
    const { port } = new URL(hookUrl());
    const signal = new AbortController().signal;
    const what = { headers: {}, body: '{}', signal };
    for (const host of ['localhost', '127.0.0.1', '2130706433', '[::ffff:127.0.0.1]']) {
      const refused = await post({ ...what, url: `http://${host}:${port}/`, allowsPrivate: false }).catch(reasonOf);
      expect([host, refused]).toEqual([host, 'ADDRESS_REFUSED']);
    }
    expect(posts).toEqual([]);
    hookReplies = [302];
    expect(await post({ ...what, url: hookUrl(), allowsPrivate: true })).toEqual({ status: 302 });
    expect(posts).toHaveLength(1);
    const text = `mutation ($url: String!) { registerWebhook(input: { url: $url }) { secret userErrors { field code } } }`;
    for (const url of ['ftp://example.com/', 'http://a:b@example.com/', 'nonsense']) {
      const { data } = await app.execute<{ registerWebhook: Fields }>(text, { url });
      expect(data.registerWebhook).toEqual({ secret: null, userErrors: [{ field: 'url', code: 'BAD_USER_INPUT' }] });
    }
  });
});
