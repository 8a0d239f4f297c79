import pg from 'pg';
import { assertAppName } from './app-role.ts';
import { applyMigration, findPending } from './migrations/history.ts';
import { type AppSchema, readMigrations } from './migrations/read-migrations.ts';

/** What belongs to no app but to the platform: every app writes there, none may change what was written. */
export const platformSchema: AppSchema = {
  name: 'platform',
  migrationsDirectory: new URL('./platform/', import.meta.url),
};

/** An app's role, and what it may do with the tables of the platform. */
export interface PlatformUser {
  readonly app: string;
  readonly role: string;
  readonly audit: AppSchema['audit'];
}

/** The columns that are inserted; the time is the database's own. */
export const auditColumns = [
  'tenant_id',
  'id',
  'kind',
  'outcome',
  'source_app',
  'target_app',
  'credential_id',
  'user_id',
  'operation_name',
  'mutation',
  'entity',
  'entity_id',
  'code',
  'reason',
  'permission',
  'correlation_id',
] as const;

const ofTenant = `tenant_id = nullif(current_setting('panorama.tenant_id', true), '')`;
const gatewayKinds = `('DENIAL', 'KEY_FIRST_USED', 'CROSS_APP_ACCESS')`;

/** The policies of a role, by name: what is no policy here is none in the database. */
function policiesFor({ app, audit }: PlatformUser): readonly (readonly [name: string, text: string])[] {
  assertAppName(app); // it becomes part of names and of a literal
  const checked =
    audit === 'gateway' ? `kind IN ${gatewayKinds}` : `target_app = '${app}' AND kind NOT IN ${gatewayKinds}`;
  const writing = [`writer_${app}`, `FOR INSERT TO %I WITH CHECK (${ofTenant} AND ${checked})`] as const;
  return audit === 'reader' ? [writing, [`reader_${app}`, `FOR SELECT TO %I USING (${ofTenant})`]] : [writing];
}

/** Applies what is new of the platform's own migrations. */
export async function preparePlatform(client: pg.Client): Promise<void> {
  const pending = await findPending(client, platformSchema.name, await readMigrations(platformSchema));
  for (const migration of pending) await applyMigration(client, platformSchema.name, migration);
}

/**
 * Gives a role its rights on the tables of the platform, and takes all others from it. One message, so one transaction:
 * processes that run are not kept from writing in between.
 */
export async function grantPlatform(client: pg.Client, user: PlatformUser): Promise<void> {
  const { role, audit } = user;
  const grantee = pg.escapeIdentifier(role);
  const policies = policiesFor(user).map(
    ([name, text]) => `
    IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'platform' AND tablename = 'audit_records'
        AND policyname = '${name}' AND roles = ARRAY[${pg.escapeLiteral(role)}]::name[]) THEN
      DROP POLICY IF EXISTS ${name} ON platform.audit_records;
      CREATE POLICY ${name} ON platform.audit_records ${text.replace('%I', () => grantee)};
    END IF;`,
  );
  await client.query(`
    REVOKE ALL ON SCHEMA platform FROM PUBLIC, ${grantee};
    GRANT USAGE ON SCHEMA platform TO ${grantee};
    REVOKE ALL ON ALL TABLES IN SCHEMA platform FROM PUBLIC, ${grantee};
    REVOKE ALL (${auditColumns.join(', ')}, at) ON platform.audit_records FROM ${grantee};
    GRANT INSERT (${auditColumns.join(', ')}) ON platform.audit_records TO ${grantee};
    ${audit === 'reader' ? `GRANT SELECT ON platform.audit_records TO ${grantee};` : ''}
    DO $policies$ BEGIN ${policies.join('')} END $policies$`);
}
