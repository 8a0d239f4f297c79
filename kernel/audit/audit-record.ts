import { shareColumns } from '../data/shared-columns.ts';
import type { SqlStatement } from '../data/tenant-database.ts';
import type { TenantId } from '../tenancy/ids.ts';

/** What a record is about. */
export type AuditKind =
  /** A mutation ran in an app, or was refused there. */
  | 'MUTATION'
  /** The gateway did not let an operation, or a part of it, or a credential that it knows. */
  | 'DENIAL'
  | 'KEY_CREATED'
  | 'KEY_REVOKED'
  /** A key was exchanged for a token. */
  | 'KEY_EXCHANGED'
  /** A key was used from an app for the first time. */
  | 'KEY_FIRST_USED'
  /** A credential was used from an app to reach another: one record an hour. */
  | 'CROSS_APP_ACCESS';

/** What came of it. */
export type AuditOutcome =
  | 'DONE'
  /** Nothing was done, because of what was asked. */
  | 'REFUSED'
  /** Nothing was done, because of who asked. */
  | 'DENIED'
  /** Nothing was done, because something of ours failed. */
  | 'FAILED';

/** One record; what is not known is left out. */
export interface AuditRecord {
  /** Unique in the tenant: one that is there already is not written again. */
  readonly id: string;
  readonly tenantId: TenantId;
  readonly kind: AuditKind;
  readonly outcome: AuditOutcome;
  /** The app that the request comes from. */
  readonly sourceApp?: string | undefined;
  /** The app that was reached. */
  readonly targetApp?: string | undefined;
  readonly credentialId?: string | undefined;
  readonly userId?: string | undefined;
  /** As the client calls its operation. */
  readonly operationName?: string | undefined;
  /** The field of `Mutation`. */
  readonly mutation?: string | undefined;
  /** The type of what was written, and its id. */
  readonly entity?: string | undefined;
  readonly entityId?: string | undefined;
  /** Of the error table. */
  readonly code?: string | undefined;
  /** The exact cause, where the error says one. */
  readonly reason?: string | undefined;
  /** The permission that is missing. */
  readonly permission?: string | undefined;
  readonly correlationId?: string | undefined;
}

const columns = {
  tenant_id: 'tenantId',
  id: 'id',
  kind: 'kind',
  outcome: 'outcome',
  source_app: 'sourceApp',
  target_app: 'targetApp',
  credential_id: 'credentialId',
  user_id: 'userId',
  operation_name: 'operationName',
  mutation: 'mutation',
  entity: 'entity',
  entity_id: 'entityId',
  code: 'code',
  reason: 'reason',
  permission: 'permission',
  correlation_id: 'correlationId',
} as const satisfies Record<string, keyof AuditRecord>;

const maxTextLength = 512;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f]/g;

/** Claims of foreign tokens can hold any text: no record is lost because the database would not keep it. */
function storable(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  return text.slice(0, maxTextLength).replaceAll(controlCharacters, '\ufffd').toWellFormed();
}

// What a role may insert; the time is the database's own (`kernel/data/platform-schema.ts`).
const names = Object.keys(columns);
const row = names.map((name) => `${name} text`).join(', ');
const text = `INSERT INTO platform.audit_records (${names.join(', ')})
  SELECT ${names.map((name) => `coalesce(own.${name}, shared.${name})`).join(', ')}
  FROM jsonb_to_recordset($1::jsonb) AS own (${row}), jsonb_to_record($2::jsonb) AS shared (${row})
  ON CONFLICT DO NOTHING`;

/** The statement that writes records of one tenant, in a transaction of that tenant; those that are there stay as they are. */
export function insertAuditRecords(records: readonly AuditRecord[]): SqlStatement {
  const { own, shared } = shareColumns(records, columns, storable);
  return { text, values: [JSON.stringify(own), JSON.stringify(shared)] };
}
