import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { subgraph } from '../../cli/commands/subgraph.ts';
import { type GatewayServer, openGatewayServer, readGatewayStart } from '../../cli/gateway-server.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { SettingError } from '../../kernel/config/setting-error.ts';
import { createAccessTokenIssuer } from '../../kernel/tenancy/access-token.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { type PanoramaEnded, type PanoramaProcess, startPanorama } from '../support/panorama-process.ts';
import { createDataDirectory } from '../support/platform.ts';

interface Answer {
  readonly status: number;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly extensions: Record<string, unknown> }[];
}

const secret = 'the secret of a platform of several processes';
const createFolder = 'mutation { createFolder(input: {ownerId: "ada", name: "Letters"}) { userErrors { code } } }';
const folders = '{ folders { nodes { path } } }';

/** A token as `issueToken` gives them out. */
function tokenOf(tenant: string, permissions: readonly string[] = ['*']): string {
  return createAccessTokenIssuer(secret)({
    tenantId: parseTenantId(tenant),
    app: 'crm-web',
    userId: undefined,
    permissions,
    keyId: 'key_1',
    expiresAt: new Date(Date.now() + 600_000),
  });
}

async function post(url: string, query: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

describe('an app as a process of its own', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let database: TestDatabase;
  let app: PanoramaProcess;
  let gateway: GatewayServer;

  beforeAll(async () => {
    directory = await createDataDirectory();
    database = await createEmptyDatabase();
    const settings = { DATABASE_URL: database.ownerUrl, PANORAMA_SECRET: secret };
    app = await startPanorama(['subgraph', 'documents', '--port', '0'], { directory: directory.path, settings });
    gateway = await openGateway('auth: {accessTokens: true}\neverySubgraph: {token: {}}\n', secret);
  }, 120_000);

  afterAll(async () => {
    await gateway?.stop(1_000);
    await app?.end('SIGTERM');
    await database?.drop();
    await directory.remove();
  });

  /** Opens a gateway for the app, in this process. */
  async function openGateway(config: string, platformSecret: string | undefined): Promise<GatewayServer> {
    const supergraph = join(directory.path, 'supergraph.graphql');
    const configFile = join(directory.path, 'gateway.yaml');
    const definition = { name: 'documents', url: `${app.url}/graphql`, sdl: await documents.readSdl() };
    await writeFile(supergraph, composeSupergraph([definition]));
    await writeFile(configFile, config);
    const start = readGatewayStart(supergraph, {
      PORT: 0,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      PANORAMA_CONFIG: configFile,
      ...(platformSecret !== undefined && { PANORAMA_SECRET: platformSecret }),
    });
    return await openGatewayServer(start, pino({ level: 'silent' }), new AbortController().signal);
  }

  const ask = (query: string, token: string, { port } = gateway) =>
    post(`http://127.0.0.1:${port}/graphql`, query, { authorization: `Bearer ${token}` });

  test('answers a gateway that signs its calls, to each tenant its own', async () => {
    expect((await ask(createFolder, tokenOf('acme'))).data).toEqual({ createFolder: { userErrors: [] } });
    expect((await ask(folders, tokenOf('acme'))).data).toEqual({ folders: { nodes: [{ path: '/Letters' }] } });
    expect((await ask(folders, tokenOf('globex'))).data).toEqual({ folders: { nodes: [] } });
  });

  test('answers nobody else', async () => {
    const fromGateway = { authorization: `Bearer ${tokenOf('acme')}`, 'x-tenant-key': 'demo-acme-admin' };
    for (const query of [
      folders,
      '{ __typename }',
      '{ _service { sdl } }',
      '{ _entities(representations: []) { __typename } }',
    ]) {
      for (const headers of [{}, fromGateway, { 'x-service-token': tokenOf('acme') }]) {
        const { status, data, errors } = await post(`${app.url}/graphql`, query, headers);
        expect([status, data, errors?.[0]?.extensions]).toEqual([401, undefined, { code: 'UNAUTHENTICATED' }]);
      }
    }
  });

  test('enforces permissions by itself, whatever a gateway lets through', async () => {
    const principal = createPrincipal({
      tenantId: parseTenantId('acme'),
      app: 'crm-web',
      credentialId: 'key_1',
      userId: undefined,
      permissions: ['read:deals'],
    });
    const body = JSON.stringify({ query: folders });
    const token = createCallSigner(secret, 'documents')({ principal, correlationId: 'c', body });
    const { data, errors } = await post(`${app.url}/graphql`, folders, { 'x-service-token': token });
    expect([data, errors?.[0]?.extensions.code]).toEqual([{ folders: null }, 'FORBIDDEN']);
  });

  test('refuses a gateway with another secret, and one that knows no caller', async () => {
    const anotherSecret = 'the secret of a platform that is somebody else’s';
    const strangers = await openGateway(`everySubgraph: {token: {secret: "${anotherSecret}"}}\n`, secret);
    const anonymous = await openGateway('everySubgraph: {token: {}}\n', secret);
    try {
      for (const stranger of [strangers, anonymous]) {
        const { data, errors } = await ask(folders, '', stranger);
        expect([data, errors?.[0]?.extensions.code]).toEqual([{ folders: null }, 'UNAUTHENTICATED']);
      }
    } finally {
      await strangers.stop(1_000);
      await anonymous.stop(1_000);
    }
  });

  test('needs a gateway that has the secret', async () => {
    await expect(openGateway('subgraphs: {documents: {token: {}}}\n', undefined)).rejects.toThrow(SettingError);
    await expect(openGateway('auth: {accessTokens: true}\n', undefined)).rejects.toThrow(/PANORAMA_SECRET/);
    await expect(openGateway('auth: {apiKeys: true}\n', undefined)).rejects.toThrow(/PANORAMA_SECRET/);
    await expect(openGateway('auth: {apiKeys: true}\n', secret)).rejects.toThrow(/DATABASE_URL/);
  });

  test('says whether it lives and works', async () => {
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${app.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'HEALTHY', components: { documents: { status: 'HEALTHY' } } },
    ]);
  });

  test('ends when it is asked to', async () => {
    const settings = { DATABASE_URL: database.ownerUrl, PANORAMA_SECRET: secret };
    const other = await startPanorama(['subgraph', 'coordination', '--port', '0'], {
      directory: directory.path,
      settings,
    });
    expect(await other.end('SIGTERM')).toBe(0);
  }, 120_000);

  test('needs the secret of the platform', async () => {
    const start = startPanorama(['subgraph', 'coordination'], { directory: directory.path });
    await expect(start).rejects.toThrow('PANORAMA_SECRET is not set');
    await expect(start).rejects.toMatchObject({ code: 2 } satisfies Partial<PanoramaEnded>);
  }, 120_000);

  test.each([[[]], [['payroll']], [['crm', 'documents']]])('is one that there is, not %j', async (args) => {
    const message = 'Say which app to serve: users, analytics, documents, crm, security, coordination.';
    await expect(subgraph(args)).rejects.toEqual(new SettingError(message));
  });
});
