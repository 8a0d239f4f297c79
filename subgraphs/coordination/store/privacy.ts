import type { CustomerErasure, CustomerExport } from '../../../generated/prisma/coordination/client.ts';
import type { ErasedRecords } from '../../../kernel/privacy/erase-customer.ts';
import type { PersonalData } from '../../../kernel/privacy/personal-records.ts';
import type { CoordinationTransaction } from '../store.ts';

/** What an app did, as it is kept. */
export interface AppProof {
  readonly app: string;
  readonly records: readonly ErasedRecords[];
  readonly found: number;
}

/** What was gathered, by app and type. */
export type ExportDocument = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

type Keyed<Row> = Pick<Row, Extract<keyof Row, 'id' | 'customerId' | 'requestedBy'>>;

/** Notes that an export is to be made, and lets go of those that have expired. */
export async function insertExport(
  { client, tenantId }: CoordinationTransaction,
  row: Keyed<CustomerExport> & Pick<CustomerExport, 'expiresAt'>,
): Promise<void> {
  await client.customerExport.deleteMany({ where: { tenantId, expiresAt: { lt: new Date() } } });
  await client.customerExport.createMany({ data: [{ ...row, tenantId }], skipDuplicates: true });
}

/** Keeps a page of what an app holds; one that is there already is replaced. */
export async function keepPart(
  tx: CoordinationTransaction,
  part: { readonly exportId: string; readonly app: string; readonly page: number },
  records: PersonalData['records'],
): Promise<void> {
  await tx.rows({
    text: `INSERT INTO coordination.customer_export_parts (tenant_id, export_id, app, page, records)
      VALUES ($1, $2, $3, $4::int, $5::jsonb)
      ON CONFLICT (tenant_id, export_id, app, page) DO UPDATE SET records = excluded.records`,
    values: [tx.tenantId, part.exportId, part.app, part.page, JSON.stringify(records)],
  });
}

/** Notes that an export is complete; null where it was before. */
export async function completeExport(
  { client, tenantId }: CoordinationTransaction,
  id: string,
): Promise<CustomerExport | null> {
  const [row] = await client.customerExport.updateManyAndReturn({
    where: { tenantId, id, completedAt: null },
    data: { completedAt: new Date() },
  });
  return row ?? null;
}

/** An export that has not expired. */
export function findExport({ client, tenantId }: CoordinationTransaction, id: string): Promise<CustomerExport | null> {
  return client.customerExport.findFirst({ where: { tenantId, id, expiresAt: { gt: new Date() } } });
}

/** All that was gathered for an export. */
export async function findDocument(
  { client, tenantId }: CoordinationTransaction,
  exportId: string,
): Promise<ExportDocument> {
  const where = { tenantId, exportId };
  const parts = await client.customerExportPart.findMany({ where, orderBy: [{ app: 'asc' }, { page: 'asc' }] });
  const document: Record<string, Record<string, unknown[]>> = {};
  for (const { app, records } of parts) {
    document[app] ??= {};
    const ofApp = document[app];
    for (const [type, rows] of Object.entries(records as PersonalData['records'])) {
      ofApp[type] = [...(ofApp[type] ?? []), ...rows];
    }
  }
  return document;
}

export async function insertErasure(
  { client, tenantId }: CoordinationTransaction,
  row: Keyed<CustomerErasure> & Pick<CustomerErasure, 'reason'>,
): Promise<void> {
  await client.customerErasure.createMany({ data: [{ ...row, tenantId }], skipDuplicates: true });
}

export function findErasure(
  { client, tenantId }: CoordinationTransaction,
  id: string,
): Promise<CustomerErasure | null> {
  return client.customerErasure.findFirst({ where: { tenantId, id } });
}

/** Keeps the proof of an erasure; null where that was done before. */
export async function completeErasure(
  tx: CoordinationTransaction,
  id: string,
  proof: readonly AppProof[],
): Promise<CustomerErasure | null> {
  const [row] = await tx.client.customerErasure.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, erasedAt: null },
    data: { erasedAt: new Date(), proof: JSON.parse(JSON.stringify(proof)) },
  });
  return row ?? null;
}
