import { type ClientOptions, createClient } from 'graphql-ws';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';
import { apps } from '../../subgraphs/index.ts';
import { openKeyDesk } from '../../subgraphs/users/key-desk.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { startPanorama } from '../support/panorama-process.ts';
import { createDataDirectory } from '../support/platform.ts';

/** An answer of the platform, and all of its text: headers and body. */
export interface WholeAnswer {
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly {
    readonly path?: readonly unknown[];
    readonly message: string;
    readonly extensions?: { readonly code?: unknown };
  }[];
}

/** A tenant as its clients and the gateway's calls reach it. Its id is in everything that it keeps. */
export interface Tenant {
  readonly id: string;
  /** Sends an operation to the platform: by turns over HTTP and over a socket that stays open. */
  post(query: string, variables: object): Promise<WholeAnswer>;
  /** Calls an app as the gateway does, with a signed token of this tenant. */
  call(app: string, document: string, variables: Readonly<Record<string, unknown>>): Promise<SubgraphResponse>;
}

/** The platform as a process, with two tenants that have nothing yet, and its apps within reach beside it. */
export interface SuiteOfTwo {
  readonly tenants: readonly [Tenant, Tenant];
  stop(): Promise<void>;
}

const secret = 'the secret of a platform with two tenants';

/** Starts the suite. The ids of the tenants are words that nothing else contains. */
export async function startSuiteOfTwo(): Promise<SuiteOfTwo> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const directory = await createDataDirectory();
    stops.push(directory.remove);
    const database = await createEmptyDatabase();
    stops.push(database.drop);
    // What an app does by itself because of what another has done comes at its own time, and is tested elsewhere.
    const quiet = { PANORAMA_REACTIONS: 'false' };
    const settings = { DATABASE_URL: database.ownerUrl, PANORAMA_SECRET: secret, ...quiet };
    const platform = await startPanorama(['start', '--port', '0'], { directory: directory.path, settings });
    stops.push(() => platform.end('SIGTERM'));
    const running = new Map<string, Awaited<ReturnType<(typeof apps)[number]['start']>>>();
    for (const app of apps) {
      const databaseUrl = connectionStringFor(database.ownerUrl, { app: app.name, secret });
      const one = await app.start({ databaseUrl, poolSize: 2, secret, logger: pino({ level: 'silent' }) });
      stops.push(one.stop);
      running.set(app.name, one);
    }
    const usersUrl = connectionStringFor(database.ownerUrl, { app: 'users', secret });
    const enter = async (id: string): Promise<Tenant> => {
      const key = await makeKey(usersUrl, id);
      const socket = openSocket(platform.url, key);
      stops.push(socket.close);
      let sent = 0;
      return {
        id,
        post: (query, variables) => {
          sent += 1;
          if (sent % 2 === 0) return socket.send({ query, variables: { ...variables } });
          return post(`${platform.url}/graphql`, key, { query, variables });
        },
        call: (name, document, variables) => {
          const app = running.get(name);
          if (!app) throw new Error(`There is no app ${name}.`);
          const token = createCallSigner(secret, name)({ principal: principalOf(id), correlationId: 'direct' });
          const { signal } = new AbortController();
          return app.execute({ document, operationName: undefined, variables, token, signal });
        },
      };
    };
    return { tenants: [await enter('qxamberxq'), await enter('qxcobaltxq')], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes a tenant and a key that may do everything in it. */
async function makeKey(databaseUrl: string, id: string): Promise<string> {
  const desk = openKeyDesk({ databaseUrl, secret, tenantId: parseTenantId(id), logger: pino({ level: 'silent' }) });
  try {
    await desk.createTenant(`The firm ${id}`);
    const made = await desk.createKey({ name: `Key of ${id}`, permissions: ['*'], allowedApps: ['crm-web'] });
    if (!made.ok) throw new Error(JSON.stringify(made.userErrors));
    return made.value.key;
  } finally {
    await desk.stop();
  }
}

const principalOf = (id: string) =>
  createPrincipal({
    tenantId: parseTenantId(id),
    app: 'crm-web',
    credentialId: `key-of-${id}`,
    userId: undefined,
    permissions: ['*'],
  });

async function post(url: string, key: string, body: object): Promise<WholeAnswer> {
  const headers = { 'content-type': 'application/json', 'x-tenant-key': key };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  const { data = null, errors = [] } = JSON.parse(text) as Partial<WholeAnswer>;
  return { text: `${JSON.stringify([...response.headers])}\n${text}`, data, errors };
}

/** A socket of a tenant, on which many operations run at once. */
function openSocket(url: string, key: string) {
  const webSocketImpl: ClientOptions['webSocketImpl'] = WebSocket;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl,
    connectionParams: { 'x-tenant-key': key },
    lazy: false,
    retryAttempts: 0,
  });

  function send(payload: {
    readonly query: string;
    readonly variables: Record<string, unknown>;
  }): Promise<WholeAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WholeAnswer>();
    const take = (answer: unknown) => {
      const { data = null, errors = [] } = answer as Partial<WholeAnswer>;
      resolve({ text: JSON.stringify(answer), data, errors });
    };
    client.subscribe(payload, {
      next: take,
      error: (error) => (Array.isArray(error) ? take({ errors: error }) : reject(error)),
      complete: () => reject(new Error('There was no answer.')),
    });
    return promise;
  }

  return { send, close: async () => await client.dispose() };
}
