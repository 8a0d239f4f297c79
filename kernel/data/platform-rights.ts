import { assertAppName } from './app-role.ts';
import { eventRights } from './event-rights.ts';
import type { AppSchema } from './migrations/read-migrations.ts';
import { sealRights } from './seal-rights.ts';
import { syncRights } from './sync-rights.ts';

/** An app's role, and what it may do with the tables of the platform. */
export interface PlatformUser {
  readonly app: string;
  readonly role: string;
  readonly audit: AppSchema['audit'];
  readonly changes?: AppSchema['changes'];
  readonly sync?: AppSchema['sync'];
}

/** What a role may do with one table of the platform. It never empties one. */
export interface TableRights {
  readonly table: string;
  /** The columns that it inserts; the others are the database's own. */
  readonly insert?: readonly string[];
  readonly select?: true;
  /** The columns that it changes; none where rows come and never change. */
  readonly update?: readonly string[];
  /** Whether it takes rows away. */
  readonly remove?: true;
  /** Its policies by name, `%I` for the role: what is none here is none in the database. */
  readonly policies: readonly (readonly [name: string, text: string])[];
}

/** What a role may do in the schema of the platform; everything else is taken from it. */
export interface PlatformRights {
  readonly tables: readonly TableRights[];
  /** With the types of their arguments. */
  readonly functions: readonly string[];
}

/** The functions of the platform that run as its owner: they take changes, and give places, never rows. */
export const ownersFunctions = [
  'append_changes',
  'changed_tenants',
  'log_epoch',
  'renew_log_epoch',
  'logged_tenants',
  'tenants_to_retry',
  'destroy_seal_keys',
  'drop_rejections',
] as const;

const auditColumns = [
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

function auditRights({ app, audit }: PlatformUser): readonly TableRights[] {
  if (audit === 'none') return [];
  const checked =
    audit === 'gateway' ? `kind IN ${gatewayKinds}` : `target_app = '${app}' AND kind NOT IN ${gatewayKinds}`;
  const writing = [`writer_${app}`, `FOR INSERT TO %I WITH CHECK (${ofTenant} AND ${checked})`] as const;
  const table = { table: 'audit_records', insert: auditColumns };
  return audit === 'reader'
    ? [{ ...table, select: true, policies: [writing, [`reader_${app}`, `FOR SELECT TO %I USING (${ofTenant})`]] }]
    : [{ ...table, policies: [writing] }];
}

/** An app writes in its own name, and reads what it wrote: what has happened to a record decides a conflict. */
function changeRights({ app, changes }: PlatformUser): PlatformRights {
  const reading = (table: string): TableRights => ({
    table,
    select: true,
    policies: [[`reader_${app}`, `FOR SELECT TO %I USING (${ofTenant})`]],
  });
  if (changes === 'none') return { tables: [], functions: [] };
  if (changes === 'reader') {
    const functions = ['changed_tenants(text[], bigint[])', 'log_epoch()', 'renew_log_epoch()', 'logged_tenants()'];
    return { tables: [reading('change_log'), reading('log_floors')], functions };
  }
  const own = `${ofTenant} AND app = '${app}'`;
  const log: TableRights = {
    table: 'change_log',
    select: true,
    policies: [
      // It is asked by `append_changes`, the only way to write: without a grant it lets nobody insert.
      [`writer_${app}`, `FOR INSERT TO %I WITH CHECK (${own})`],
      [`reader_${app}`, `FOR SELECT TO %I USING (${own})`],
    ],
  };
  return { tables: [log], functions: ['lock_changes()', 'append_changes(text, text, jsonb, jsonb)'] };
}

/** What the triggers of an app make entries of its searches with. */
const searchRights: PlatformRights = {
  tables: [],
  functions: ['search_words(text)', 'search_vector(text, text, text, text)'],
};

/** All that a role may do in the schema of the platform. */
export function rightsOf(user: PlatformUser): PlatformRights {
  assertAppName(user.app); // it becomes part of names and of a literal
  const changes = changeRights(user);
  const ofApps = user.changes === undefined ? [syncRights(user), eventRights(user), searchRights] : [];
  const others = [sealRights(user), ...ofApps];
  return {
    tables: [...auditRights(user), ...changes.tables, ...others.flatMap(({ tables }) => tables)],
    functions: [...changes.functions, ...others.flatMap(({ functions }) => functions)],
  };
}

/** The tables of the platform that a role reads, in part or in whole. */
export function readableTables(user: PlatformUser): readonly string[] {
  return rightsOf(user)
    .tables.filter(({ select }) => select)
    .map(({ table }) => table);
}

/** What a role was given to do with tables of the platform beside inserting, as `table PRIVILEGE`. */
export function givenPrivileges(user: PlatformUser): readonly string[] {
  return rightsOf(user).tables.flatMap(({ table, select, update, remove }) => [
    ...(select ? [`${table} SELECT`] : []),
    ...(update ? [`${table} UPDATE`] : []),
    ...(remove ? [`${table} DELETE`] : []),
  ]);
}

/** The policies that let a role in, as `table.policy`. */
export function ownPolicies(user: PlatformUser): readonly string[] {
  return rightsOf(user).tables.flatMap(({ table, policies }) => policies.map(([name]) => `${table}.${name}`));
}

/** The names of the functions of the platform that a role calls. */
export function callableFunctions(user: PlatformUser): readonly string[] {
  return rightsOf(user).functions.map((name) => name.slice(0, name.indexOf('(')));
}
