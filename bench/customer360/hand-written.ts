import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { digestApiKey } from '../../kernel/tenancy/api-key.ts';
import { readCustomer } from './read-customer.ts';
import { readIn } from './statements.ts';

/** What the process is started with, as JSON. */
export interface HandWrittenArguments {
  /** Connection strings of the apps' roles. */
  readonly urls: Readonly<Record<'users' | 'analytics' | 'documents' | 'crm', string>>;
  readonly secret: string;
}

/**
 * The peer of the platform: a server that does nothing but answer the whole customer, from the same rows under the same
 * roles and row policies, written by hand with `pg` and named statements. It checks the key, and keeps the verdict for
 * two seconds as the platform does.
 */
const { urls, secret } = JSON.parse(process.argv[2] ?? '') as HandWrittenArguments;
const pool = (connectionString: string) => new pg.Pool({ connectionString, max: 5 });
const pools = {
  users: pool(urls.users),
  analytics: pool(urls.analytics),
  documents: pool(urls.documents),
  crm: pool(urls.crm),
};

const verdictLifetimeMs = 2_000;
const verdicts = new Map<string, { readonly tenant: Promise<string | undefined>; readonly until: number }>();

async function lookUpKey(digest: string): Promise<string | undefined> {
  const [key] = await readIn(pools.users, ['key_digest', digest], (read) => read('key', digest));
  const isValid = key && !key.revoked_at && (!key.expires_at || key.expires_at > new Date());
  return isValid ? String(key.tenant_id) : undefined;
}

function tenantOf(key: string): Promise<string | undefined> {
  const digest = digestApiKey(secret, key).toString('hex');
  const known = verdicts.get(digest);
  if (known && known.until > Date.now()) return known.tenant;
  const tenant = lookUpKey(digest);
  verdicts.set(digest, { tenant, until: Date.now() + verdictLifetimeMs });
  return tenant;
}

function send(response: ServerResponse, status: number, answer: object): void {
  const text = JSON.stringify(answer);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

async function answer(request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
  const tenant = await tenantOf(String(request.headers['x-tenant-key']));
  if (tenant === undefined) return send(response, 401, { errors: [{ message: 'This API key is not known.' }] });
  const { variables } = JSON.parse(body) as { variables: { id: string } };
  send(response, 200, { data: { customer360: await readCustomer(pools, tenant, variables.id) } });
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    answer(request, body, response).catch((error: Error) => send(response, 500, { errors: [error] }));
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
