import type { BackupFilter } from '../../../generated/graphql/security.ts';
import type { Prisma } from '../../../generated/prisma/security/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { isEntityId } from '../../../kernel/tenancy/ids.ts';
import type { BackupModel, SecurityTransaction } from '../store.ts';

const whereBackups = (tx: SecurityTransaction, { statuses }: BackupFilter): Prisma.BackupWhereInput => ({
  tenantId: tx.tenantId,
  ...(statuses && { status: { in: [...statuses] } }),
});

/** What the columns hold, as the graph has it: sizes and counts are far below where numbers become inexact. */
function asBackup({ size, rowCount, ...row }: Prisma.BackupGetPayload<object>): BackupModel {
  const numbers = { size: size === null ? null : Number(size), rowCount: rowCount === null ? null : Number(rowCount) };
  return { ...row, ...numbers, status: row.status as BackupModel['status'] };
}

export async function findBackups(
  tx: SecurityTransaction,
  filter: BackupFilter,
  page: PageQuery,
): Promise<BackupModel[]> {
  const where = { AND: [whereBackups(tx, filter), page.where] };
  const rows = await tx.client.backup.findMany({ where, orderBy: page.orderBy, take: page.take });
  return rows.map(asBackup);
}

export function countBackups(tx: SecurityTransaction, filter: BackupFilter): Promise<number> {
  return tx.client.backup.count({ where: whereBackups(tx, filter) });
}

export async function findBackupsById(tx: SecurityTransaction, ids: readonly string[]): Promise<BackupModel[]> {
  const where = { tenantId: tx.tenantId, id: { in: ids.filter(isEntityId) } };
  return (await tx.client.backup.findMany({ where })).map(asBackup);
}

export type NewBackup = Omit<Prisma.BackupUncheckedCreateInput, 'tenantId' | 'status' | 'version'>;

export async function insertBackup(tx: SecurityTransaction, backup: NewBackup): Promise<BackupModel> {
  const data = { ...backup, status: 'RUNNING', tenantId: tx.tenantId };
  return asBackup(await tx.client.backup.create({ data }));
}

/** What a new state of a backup brings with it. */
export type BackupChange = Pick<
  Prisma.BackupUncheckedUpdateManyInput,
  'size' | 'checksum' | 'rowCount' | 'asOf' | 'completedAt' | 'fileName' | 'requestedAt' | 'expiresAt'
>;

/** Takes a backup from one state to another and counts its version up; null when there is none in that state. */
export async function moveBackup(
  tx: SecurityTransaction,
  id: string,
  { from, to }: { readonly from: BackupModel['status']; readonly to: BackupModel['status'] },
  change: BackupChange = {},
): Promise<BackupModel | null> {
  const [moved] = await tx.client.backup.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, status: from },
    data: { ...change, status: to, version: { increment: 1 } },
  });
  return moved ? asBackup(moved) : null;
}

/** Takes away what has had its time, but for what runs. */
export async function removeOldBackups(tx: SecurityTransaction, now: Date): Promise<BackupModel[]> {
  const where: Prisma.BackupWhereInput = {
    tenantId: tx.tenantId,
    status: { not: 'RUNNING' },
    expiresAt: { lte: now },
  };
  const old = await tx.client.backup.findMany({ where });
  await tx.client.backup.deleteMany({ where: { ...where, id: { in: old.map(({ id }) => id) } } });
  return old.map(asBackup);
}
