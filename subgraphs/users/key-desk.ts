import type { CreateApiKeyInput } from '../../generated/graphql/users.ts';
import { PrismaClient } from '../../generated/prisma/users/client.ts';
import { type MutationRun, type Publish, runMutation } from '../../kernel/audit/mutation-run.ts';
import { createSealKeys } from '../../kernel/changes/sealing/seal-keys.ts';
import { createTenantDatabase } from '../../kernel/data/tenant-database.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import type { CommandResult } from '../../kernel/subgraph/input.ts';
import { done } from '../../kernel/subgraph/input.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import type { TenantId } from '../../kernel/tenancy/ids.ts';
import { roleChange } from './access-changes.ts';
import type { GiverContext } from './access-input.ts';
import { tenantCreation } from './changes.ts';
import { keyChanges } from './key-changes.ts';
import { createApiKey, type MadeApiKey, revokeApiKey } from './key-commands.ts';
import { defaultApps, makeDefaultRoles } from './new-tenant.ts';
import { findApiKeyNamed, findApiKeys } from './store/keys.ts';
import { findAssignmentsOf, findRolesById } from './store/roles.ts';
import { type ApiKeyModel, findTenant, insertMissing, type UsersTransaction } from './store.ts';

/** What the desk works with. */
export interface KeyDeskOptions {
  /** Connection string of the users app's role. */
  readonly databaseUrl: string;
  /** The platform's secret, under which digests are made. */
  readonly secret: string;
  readonly tenantId: TenantId;
  /** Told of records that could not be written. */
  readonly logger: Logger;
}

/** A key with the names of its roles. */
export interface ListedApiKey extends ApiKeyModel {
  readonly roles: readonly string[];
}

/** Where the operator of the platform, who needs no key, makes and takes back the API keys of a tenant. */
export interface KeyDesk {
  /** Whether the tenant exists. */
  hasTenant(): Promise<boolean>;
  /** Makes the tenant, with the roles and the client apps that every tenant begins with. */
  createTenant(name: string): Promise<void>;
  createKey(input: CreateApiKeyInput): Promise<CommandResult<MadeApiKey>>;
  /** The latest keys, at most a thousand. */
  listKeys(): Promise<ListedApiKey[]>;
  /** Takes back the key with an id or a prefix; null when there is none. */
  revokeKey(idOrPrefix: string): Promise<CommandResult<ApiKeyModel> | null>;
  stop(): Promise<void>;
}

const mostListed = 1_000;

type CommandContext = GiverContext & { readonly mutation: MutationRun<PrismaClient> };

/** As whom the operator stands in the audit records; there is no such key, and no such app. */
const operator = { permissions: ['*'], app: 'command-line', credentialId: 'command-line', userId: undefined };

/** Opens the desk of one tenant. */
export function openKeyDesk({ databaseUrl, secret, tenantId, logger }: KeyDeskOptions): KeyDesk {
  const database = createTenantDatabase({
    connectionString: databaseUrl,
    createClient: (adapter) => new PrismaClient({ adapter }),
    poolSize: 1,
  });
  const context = { tenantId, secret, principal: operator, forgetLoaded: () => undefined };
  const sealKeys = createSealKeys(secret);
  const sender = { ...context, operationName: undefined, correlationId: undefined };

  /** Runs a command as the mutation of that name is run, so that it leaves the same record. */
  function run<Result>(
    mutation: 'createTenant' | keyof typeof keyChanges,
    type: string,
    work: (context: CommandContext) => Promise<Result>,
  ): Promise<Result> {
    const kind = mutation === 'createTenant' ? 'MUTATION' : keyChanges[mutation];
    const subject = { mutation, kind, entity: { type, field: 'apiKey' } } as const;
    const recorder = { app: 'users', database, logger, sealKeys };
    return runMutation(recorder, sender, subject, (running) => work({ ...context, mutation: running }));
  }

  return {
    hasTenant: async () => (await database.read(context, findTenant)) !== null,
    async createTenant(name) {
      const createdAt = new Date();
      const apps = defaultApps.map((app) => ({ ...app, createdAt }));
      const roles = makeDefaultRoles(tenantId, createdAt);
      const rows = { tenant: { name, createdAt }, apps, roles, keys: [], users: [], sessions: [] };
      const insert = async (tx: UsersTransaction, publish: Publish) => {
        await insertMissing(tx, rows);
        const tenant = await findTenant(tx);
        if (tenant) publish(tenantCreation(tenant));
        for (const role of await findRolesById(
          tx,
          roles.map(({ id }) => id),
        ))
          publish(roleChange('ROLE_CREATED', role));
        return done({ id: tenantId });
      };
      await run('createTenant', 'Tenant', (running) => runCommand(running, {}, insert));
    },
    createKey: (input) => run('createApiKey', 'ApiKey', (running) => createApiKey(running, input)),
    listKeys: () =>
      database.read(context, async (tx) => {
        const page = { where: {}, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: mostListed };
        const keys = await findApiKeys(tx, undefined, page);
        const ids = keys.map(({ id }) => id);
        const assignments = await findAssignmentsOf(tx, 'keyId', ids);
        const roles = await findRolesById(tx, [...new Set(assignments.map(({ roleId }) => roleId))]);
        const nameOf = new Map(roles.map(({ id, name }) => [id, name]));
        const rolesOf = Map.groupBy(assignments, ({ keyId }) => keyId);
        return keys.map((key) => ({
          ...key,
          roles: (rolesOf.get(key.id) ?? []).map(({ roleId }) => nameOf.get(roleId) ?? ''),
        }));
      }),
    async revokeKey(idOrPrefix) {
      const key = await database.read(context, (tx) => findApiKeyNamed(tx, idOrPrefix));
      if (!key) return null;
      return key.revokedAt
        ? done(key)
        : await run('revokeApiKey', 'ApiKey', (running) => revokeApiKey(running, { id: key.id }));
    },
    stop: () => database.stop(),
  };
}
