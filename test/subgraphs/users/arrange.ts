import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { type KeyAuthenticator, openKeyAuthenticator } from '../../../subgraphs/users/authenticate.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { runStatements } from '../../support/run-statements.ts';

export interface UserError {
  readonly field: string | null;
  readonly code: string;
  readonly message: string;
}

/** What making a key came to. */
export interface MadeKey {
  readonly key: string;
  readonly apiKey: { readonly id: string; readonly prefix: string; readonly permissions: readonly string[] };
  readonly userErrors: readonly UserError[];
}

/** The users app with the tenants acme and globex, their default roles and no people, and a door to it. */
export interface AccessApp extends TestApp {
  readonly door: KeyAuthenticator;
  /** A door that has not seen any credential yet, as another process would be; stopped with the app. */
  openDoor(): KeyAuthenticator;
  createKey(input: Readonly<Record<string, unknown>>, caller?: TestCaller): Promise<MadeKey>;
  /** The result of one mutation with one input. */
  mutate<Payload = { readonly userErrors: readonly UserError[] }>(
    mutation: string,
    input: Readonly<Record<string, unknown>>,
    selection?: string,
    caller?: TestCaller,
  ): Promise<Payload>;
  /** Changes rows of a tenant behind the app's back. */
  change(tenant: string, statement: string): Promise<void>;
}

/** Starts the users app for tests of keys and roles. */
export async function startAccessApp(): Promise<AccessApp> {
  const app = await startTestApp(users);
  for (const id of ['acme', 'globex']) {
    await app.insertDemo({ id: parseTenantId(id), name: `The company ${id}`, people: [], keys: [] });
  }
  const doors: KeyAuthenticator[] = [];
  function openDoor(): KeyAuthenticator {
    const door = openKeyAuthenticator({
      databaseUrl: app.database.urlFor('users'),
      secret: secretOfTests,
      demo: false,
    });
    doors.push(door);
    return door;
  }

  const mutate: AccessApp['mutate'] = async (mutation, input, selection = '', caller = {}) => {
    const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} userErrors { field code message } } }`;
    const { data, errors } = await app.execute<Record<string, never>>(text, { input }, caller);
    if (errors) throw new Error(JSON.stringify(errors));
    return data[mutation] as never;
  };

  return {
    ...app,
    door: openDoor(),
    openDoor,
    mutate,
    createKey: (input, caller) =>
      mutate('createApiKey', { name: 'a key', ...input }, 'key apiKey { id prefix permissions }', caller),
    change: async (tenant, statement) => {
      const scope = `SELECT set_config('panorama.tenant_id', '${tenant}', false)`;
      await runStatements(app.database.ownerUrl, scope, 'SET search_path TO users', statement);
    },
    stop: async () => {
      await Promise.all(doors.map((door) => door.stop()));
      await app.stop();
    },
  };
}
