import pg from 'pg';
import { createSealKeys } from '../../kernel/changes/sealing/seal-keys.ts';
import { openChanges } from '../../kernel/changes/sealing/sealed-changes.ts';
import type { SqlStatement } from '../../kernel/data/tenant-database.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { secretOfTests } from './call-app.ts';
import type { TestDatabase } from './database.ts';

/** What the log says of a change, but for its place. */
export interface PublishedChange {
  readonly tenant: string;
  readonly app: string;
  readonly type: string;
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  readonly op: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly sourceApp: string;
  readonly correlationId: string | null;
}

const columns = `tenant_id AS tenant, app, type, entity, entity_id AS "entityId", version, op, data, actor,
  source_app AS "sourceApp", correlation_id AS "correlationId"`;

/** All that was published, in order, as the owner of the log sees it who has the platform's secret. */
export async function readPublished(database: TestDatabase): Promise<readonly PublishedChange[]> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    await client.query(`SET panorama.operator = 'yes'`);
    const { rows } = await client.query<PublishedChange>(`SELECT ${columns} FROM platform.change_log ORDER BY seq`);
    const send = async <Row extends object>({ text, values }: SqlStatement) =>
      (await client.query(text, values)).rows as Row[];
    const opened: PublishedChange[] = [];
    const keys = createSealKeys(secretOfTests);
    for (const row of rows) opened.push(...(await openChanges(send, parseTenantId(row.tenant), [row], keys)));
    return opened;
  } finally {
    await client.end();
  }
}

/** What was published while some work was done, in order. */
export async function publishedBy(
  { database }: { readonly database: TestDatabase },
  work: () => Promise<unknown>,
): Promise<readonly PublishedChange[]> {
  const before = (await readPublished(database)).length;
  await work();
  return (await readPublished(database)).slice(before);
}

/** Changes in short: `LEAD_CREATED v1`. */
export const inShort = (changes: readonly PublishedChange[]) =>
  changes.map(({ type, version }) => `${type} v${version}`);
