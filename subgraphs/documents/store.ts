import { type Document, type Folder, Prisma, type PrismaClient } from '../../generated/prisma/documents/client.ts';
import type { ChangeBatch } from '../../kernel/changes/feed.ts';
import { columnsOf } from '../../kernel/data/columns.ts';
import { containing } from '../../kernel/data/containing.ts';
import type { Connection, PageQuery } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';
import type { TimeRange } from '../../kernel/data/time-range.ts';
import { isEntityId } from '../../kernel/tenancy/ids.ts';
import type { FolderTemplate } from './folder-templates.ts';

/** A transaction in which the rows of one tenant of this app can be reached. */
export type DocumentsTransaction = TenantTransaction<PrismaClient>;

/** A document without its text, which can be large and is read only where it is asked for. */
export type DocumentRow = Omit<Document, 'text'>;
const text = { text: true } as const;

// What resolvers of each type get as their parent.
export type CustomerModel = { readonly id: string };
export type CustomerDocumentsModel = { readonly ownerId: string };
export type DocumentModel = DocumentRow;
export type DocumentProcessingModel = DocumentRow;
export type DocumentConnectionModel = Connection<DocumentRow>;
export type DocumentChangeModel = ChangeBatch;
export type MetricsModel = TimeRange;
export type MetricsDayModel = { readonly id: string };
export type FolderModel = Folder;
export type FolderConnectionModel = Connection<Folder>;
export type FolderTemplateModel = FolderTemplate;
export type StorageUsageModel = StorageUsage;
export type TypeStorageUsageModel = TypeUsage;

/** Matches these ids. What has not the form of an id is the id of nothing, and may hold what Postgres refuses to read. */
const oneOf = (ids: readonly string[]) => ({ in: ids.filter(isEntityId) });

/** Which documents to find. */
export interface DocumentSelection {
  readonly search?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly folderId?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
  readonly sizeMin?: number | undefined;
  readonly sizeMax?: number | undefined;
}

function whereDocuments(tx: DocumentsTransaction, selection: DocumentSelection): Prisma.DocumentWhereInput {
  const { search, ownerId, folderId, types, statuses, createdFrom, createdTo, sizeMin, sizeMax } = selection;
  return {
    tenantId: tx.tenantId,
    ...(search && { titleKey: containing(search) }),
    ...(ownerId !== undefined && { ownerId: oneOf([ownerId]) }),
    ...(folderId !== undefined && { folderId: oneOf([folderId]) }),
    ...(types && { type: { in: [...types] } }),
    ...(statuses && { status: { in: [...statuses] } }),
    createdAt: { ...(createdFrom && { gte: createdFrom }), ...(createdTo && { lt: createdTo }) },
    size: { ...(sizeMin !== undefined && { gte: sizeMin }), ...(sizeMax !== undefined && { lte: sizeMax }) },
  };
}

export function findDocuments(
  tx: DocumentsTransaction,
  selection: DocumentSelection,
  page: PageQuery,
): Promise<DocumentRow[]> {
  const where = { AND: [whereDocuments(tx, selection), page.where] };
  return tx.client.document.findMany({ where, orderBy: page.orderBy, take: page.take, omit: text });
}

export function countDocuments(tx: DocumentsTransaction, selection: DocumentSelection): Promise<number> {
  return tx.client.document.count({ where: whereDocuments(tx, selection) });
}

export function findDocumentsById(tx: DocumentsTransaction, ids: readonly string[]): Promise<DocumentRow[]> {
  return tx.client.document.findMany({ where: { tenantId: tx.tenantId, id: oneOf(ids) }, omit: text });
}

/** The text of a document. */
export type DocumentText = Pick<Document, 'id' | 'text'>;

export function findTexts(tx: DocumentsTransaction, ids: readonly string[]): Promise<DocumentText[]> {
  const where = { tenantId: tx.tenantId, id: oneOf(ids) };
  return tx.client.document.findMany({ where, select: { id: true, text: true } });
}

const rowFields = Object.values(Prisma.DocumentScalarFieldEnum).filter((field) => field !== 'text');
const documentColumns = Prisma.raw(columnsOf(rowFields));

/** The newest documents of each owner, at most `limit` for each, newest first; Prisma has no limit per owner. */
export function findNewestDocuments(
  tx: DocumentsTransaction,
  ownerIds: readonly string[],
  limit: number,
): Promise<DocumentRow[]> {
  return tx.rows(Prisma.sql`
    SELECT newest.* FROM unnest(${ownerIds.filter(isEntityId)}::text[]) AS owner (id) CROSS JOIN LATERAL (
      SELECT ${documentColumns} FROM documents
      WHERE tenant_id = ${tx.tenantId} AND owner_id = owner.id
      ORDER BY created_at DESC, id DESC LIMIT ${limit}
    ) AS newest ORDER BY newest."createdAt" DESC, newest.id DESC`);
}

export type NewDocument = Omit<Prisma.DocumentUncheckedCreateInput, 'tenantId'>;

export function insertDocument(tx: DocumentsTransaction, document: NewDocument): Promise<DocumentRow> {
  return tx.client.document.create({ data: { ...document, tenantId: tx.tenantId }, omit: text });
}

export type DocumentChange = Omit<Prisma.DocumentUncheckedUpdateManyInput, 'tenantId' | 'id' | 'version'>;

/** Changes a document and counts its version up; null when there is none with this id (and this version, if one is given). */
export async function changeDocument(
  tx: DocumentsTransaction,
  id: string,
  baseVersion: number | undefined,
  change: DocumentChange,
): Promise<DocumentRow | null> {
  const [document] = await tx.client.document.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, ...(baseVersion !== undefined && { version: baseVersion }) },
    data: { ...change, updatedAt: new Date(), version: { increment: 1 } },
    omit: text,
  });
  return document ?? null;
}

/** Marks a document as being processed, which keeps others from changing it until the transaction ends, and reads its text. */
export async function beginProcessing(tx: DocumentsTransaction, id: string): Promise<DocumentText | null> {
  const [document] = await tx.client.document.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id },
    data: { status: 'PROCESSING' },
    select: { id: true, text: true },
  });
  return document ?? null;
}

export async function removeDocument(tx: DocumentsTransaction, id: string): Promise<void> {
  await tx.client.document.deleteMany({ where: { tenantId: tx.tenantId, id } });
}

/** What the documents of one owner take up, in bytes. */
export interface OwnerUsage {
  readonly ownerId: string;
  readonly documentCount: number;
  readonly size: number;
}

export function sumUsageOfOwners(tx: DocumentsTransaction, ownerIds: readonly string[]): Promise<OwnerUsage[]> {
  return tx.rows(Prisma.sql`
    SELECT owner_id AS "ownerId", count(*)::float8 AS "documentCount", sum(size)::float8 AS size FROM documents
    WHERE tenant_id = ${tx.tenantId} AND owner_id = ANY(${ownerIds.filter(isEntityId)}) GROUP BY owner_id`);
}

/** What the documents of one type take up, in bytes. */
export interface TypeUsage {
  readonly type: string;
  readonly documentCount: number;
  readonly size: number;
}

/** What documents take up, in bytes. */
export interface StorageUsage {
  readonly documentCount: number;
  readonly size: number;
  readonly byType: readonly TypeUsage[];
}

export async function sumUsageByType(tx: DocumentsTransaction, ownerId: string | undefined): Promise<TypeUsage[]> {
  const groups = await tx.client.document.groupBy({
    by: 'type',
    where: { tenantId: tx.tenantId, ...(ownerId !== undefined && { ownerId: oneOf([ownerId]) }) },
    _count: true,
    _sum: { size: true },
    orderBy: [{ _sum: { size: 'desc' } }, { type: 'asc' }],
  });
  return groups.map(({ type, _count, _sum }) => ({ type, documentCount: _count, size: Number(_sum.size ?? 0) }));
}

/** Which folders to find. */
export interface FolderSelection {
  readonly search?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly isTopLevel?: boolean | undefined;
}

function whereFolders(tx: DocumentsTransaction, selection: FolderSelection): Prisma.FolderWhereInput {
  const { search, ownerId, parentId, isTopLevel } = selection;
  return {
    tenantId: tx.tenantId,
    ...(search && { nameKey: containing(search) }),
    ...(ownerId !== undefined && { ownerId: oneOf([ownerId]) }),
    AND: [
      ...(parentId === undefined ? [] : [{ parentId: oneOf([parentId]) }]),
      ...(isTopLevel === undefined ? [] : [{ parentId: isTopLevel ? null : { not: null } }]),
    ],
  };
}

export function findFolders(tx: DocumentsTransaction, selection: FolderSelection, page: PageQuery): Promise<Folder[]> {
  const where = { AND: [whereFolders(tx, selection), page.where] };
  return tx.client.folder.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countFolders(tx: DocumentsTransaction, selection: FolderSelection): Promise<number> {
  return tx.client.folder.count({ where: whereFolders(tx, selection) });
}

export function findFoldersById(tx: DocumentsTransaction, ids: readonly string[]): Promise<Folder[]> {
  return tx.client.folder.findMany({ where: { tenantId: tx.tenantId, id: oneOf(ids) } });
}

/** The folders of an owner in one place (null: at the top) that have one of these names, by path. */
export function findFoldersByName(
  tx: DocumentsTransaction,
  place: { readonly ownerId: string; readonly parentId: string | null },
  nameKeys: readonly string[],
): Promise<Folder[]> {
  const where = { tenantId: tx.tenantId, ...place, nameKey: { in: [...nameKeys] } };
  return tx.client.folder.findMany({ where, orderBy: { path: 'asc' } });
}

/** The first folders of each owner by path, at most `limit` for each: two statements for any number of owners. */
export async function findFoldersOfOwners(
  tx: DocumentsTransaction,
  ownerIds: readonly string[],
  limit: number,
): Promise<Folder[]> {
  const first = await tx.client.$queryRaw<{ id: string }[]>`
    SELECT folder.id
    FROM unnest(${ownerIds.filter(isEntityId)}::text[]) AS owner (id)
    CROSS JOIN LATERAL (
      SELECT id FROM folders
      WHERE tenant_id = ${tx.tenantId} AND owner_id = owner.id
      ORDER BY path, id
      LIMIT ${limit}
    ) AS folder`;
  const where = { tenantId: tx.tenantId, id: { in: first.map(({ id }) => id) } };
  return tx.client.folder.findMany({ where, orderBy: [{ path: 'asc' }, { id: 'asc' }] });
}

/** How many documents lie in one folder. */
export interface FolderContent {
  readonly folderId: string;
  readonly documentCount: number;
}

export async function countDocumentsIn(
  tx: DocumentsTransaction,
  folderIds: readonly string[],
): Promise<FolderContent[]> {
  const groups = await tx.client.document.groupBy({
    by: 'folderId',
    where: { tenantId: tx.tenantId, folderId: oneOf(folderIds) },
    _count: true,
  });
  return groups.flatMap(({ folderId, _count }) => (folderId === null ? [] : [{ folderId, documentCount: _count }]));
}

export type NewFolder = Omit<Prisma.FolderUncheckedCreateInput, 'tenantId'>;

export function insertFolder(tx: DocumentsTransaction, folder: NewFolder): Promise<Folder> {
  return tx.client.folder.create({ data: { ...folder, tenantId: tx.tenantId } });
}

/** Rows to write together; the folders come first, because documents lie in them. */
export interface DocumentsRows {
  readonly folders: readonly NewFolder[];
  readonly documents: readonly NewDocument[];
}

/** Writes rows with a few statements; a row whose key is taken stays as it is. */
export async function insertMissing(tx: DocumentsTransaction, rows: DocumentsRows): Promise<void> {
  const ofTenant = <Row>(some: readonly Row[]) => ({
    data: some.map((row) => ({ ...row, tenantId: tx.tenantId })),
    skipDuplicates: true,
  });
  await tx.client.folder.createMany(ofTenant(rows.folders));
  // Onboarding makes folders only, and Prisma would plan a statement for nothing each time.
  if (rows.documents.length > 0) await tx.client.document.createMany(ofTenant(rows.documents));
}
