import pg from 'pg';
import { applyMigration, findPending } from './migrations/history.ts';
import { type AppSchema, readMigrations } from './migrations/read-migrations.ts';
import { type PlatformUser, rightsOf, type TableRights } from './platform-rights.ts';

export type { PlatformUser } from './platform-rights.ts';

/** What belongs to no app but to the platform: every app writes there, none may change what was written. */
export const platformSchema: AppSchema = {
  name: 'platform',
  migrationsDirectory: new URL('./platform/', import.meta.url),
};

/** Whoever follows the changes of all apps does so as this role, which has nothing of its own. */
export const changeFeedSchema: AppSchema = {
  name: 'feed',
  audit: 'none',
  changes: 'reader',
  migrationsDirectory: new URL('./feed/', import.meta.url),
};

/** Applies what is new of the platform's own migrations. */
export async function preparePlatform(client: pg.Client): Promise<void> {
  const pending = await findPending(client, platformSchema.name, await readMigrations(platformSchema));
  for (const migration of pending) await applyMigration(client, platformSchema.name, migration);
}

/**
 * Gives a role its rights in the schema of the platform, and takes all others from it. One message, so one transaction:
 * processes that run are not kept from writing in between.
 */
export async function grantPlatform(client: pg.Client, user: PlatformUser): Promise<void> {
  const grantee = pg.escapeIdentifier(user.role);
  const { tables, functions } = rightsOf(user);
  const usage = tables.length + functions.length > 0 ? `GRANT USAGE ON SCHEMA platform TO ${grantee};` : '';
  await client.query(`
    REVOKE ALL ON SCHEMA platform FROM PUBLIC, ${grantee};
    ${usage}
    REVOKE ALL ON ALL TABLES IN SCHEMA platform FROM PUBLIC, ${grantee};
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA platform FROM PUBLIC, ${grantee};
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA platform FROM PUBLIC, ${grantee};
    ${functions.map((name) => `GRANT EXECUTE ON FUNCTION platform.${name} TO ${grantee};`).join('\n')}
    ${tables.map((table) => grantsOn(table, grantee)).join('\n')}
    DO $policies$ BEGIN ${tables.map((table) => policiesOn(table, user.role)).join('')} END $policies$`);
}

function grantsOn({ table, insert, select, update, remove }: TableRights, grantee: string): string {
  const privileges = [
    insert && `INSERT (${insert.join(', ')})`,
    select && 'SELECT',
    update && `UPDATE (${update.join(', ')})`,
    remove && 'DELETE',
  ].filter((one) => one !== undefined);
  return `GRANT ${privileges.join(', ')} ON platform.${table} TO ${grantee};`;
}

/** A policy that is there already is left alone: to make one stops whoever uses the table. */
function policiesOn({ table, policies }: TableRights, role: string): string {
  return policies
    .map(
      ([name, text]) => `
    IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'platform' AND tablename = '${table}'
        AND policyname = '${name}' AND roles = ARRAY[${pg.escapeLiteral(role)}]::name[]) THEN
      DROP POLICY IF EXISTS ${name} ON platform.${table};
      CREATE POLICY ${name} ON platform.${table} ${text.replace('%I', () => pg.escapeIdentifier(role))};
    END IF;`,
    )
    .join('');
}
