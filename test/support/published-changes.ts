import type { TestDatabase } from './database.ts';
import { runStatements } from './run-statements.ts';

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

/** All that was published, in order, as the owner of the log sees it. */
export async function readPublished(database: TestDatabase): Promise<readonly PublishedChange[]> {
  const rows: readonly object[] = await runStatements(
    database.ownerUrl,
    `SET panorama.operator = 'yes'`,
    `SELECT ${columns} FROM platform.change_log ORDER BY seq`,
  );
  return rows as readonly PublishedChange[];
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
