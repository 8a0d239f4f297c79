import { z } from 'zod';
import { eventCatalogue } from '../changes/catalogue.ts';
import { createChangeReaders } from '../changes/may-read.ts';
import type { PrismaClientLike } from '../data/tenant-database.ts';
import type { AppContext } from '../subgraph/app.ts';
import type { SyncedApp, SyncedRecord } from './synced-entities.ts';

/** How many records one page holds at most. */
export const maxRecords = 1_000;

const recordsInput = z.strictObject({
  entity: z.string(),
  /** The id of the last record of the page before; empty for the first. */
  after: z.string(),
  limit: z.int().min(1).max(maxRecords),
});
export type RecordsInput = z.output<typeof recordsInput>;

/** Records of one type in the order of their ids. */
export interface RecordsPage {
  readonly records: readonly Omit<SyncedRecord, 'type'>[];
  /** The id behind which the next page begins; null where there is none. */
  readonly next: string | null;
}

const readers = createChangeReaders(eventCatalogue());

/**
 * Reads a page of the records of a type, as far as the principal may read them: a page may show fewer than there are. A
 * type that the app does not sync has none.
 */
export async function readRecords<Client extends PrismaClientLike, Loaders>(
  { app, entities }: SyncedApp<Client>,
  input: unknown,
  context: AppContext<Client, Loaders>,
): Promise<RecordsPage> {
  const { entity, after, limit } = recordsInput.parse(input);
  const synced = Object.hasOwn(entities, entity) ? entities[entity] : undefined;
  if (!synced) return { records: [], next: null };
  return await context.database.read(context, async (tx) => {
    const rows = await tx.rows<{ readonly id: string }>({
      text: `SELECT id FROM ${app}.${synced.table} WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3::integer`,
      values: [tx.tenantId, after, limit],
    });
    const ids = rows.map(({ id }) => id);
    const byId = new Map((await synced.read(tx, ids)).map((record) => [record.entityId, record]));
    const mayRead = readers(context.principal);
    const seen = ids.flatMap((id) => byId.get(id) ?? []).filter(mayRead);
    const records = seen.map(({ entityId, version, data }) => ({ entityId, version, data }));
    return { records, next: rows.length === limit ? (ids.at(-1) ?? null) : null };
  });
}
