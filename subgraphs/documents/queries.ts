import type { DocumentFilter, QueryDocumentsArgs, QueryFoldersArgs } from '../../generated/graphql/documents.ts';
import { type Connection, type Ordering, planPage, readListSize } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { DocumentsContext } from './loaders.ts';
import {
  countDocuments,
  countFolders,
  type DocumentRow,
  type FolderModel,
  findDocuments,
  findFolders,
  type StorageUsageModel,
  sumUsageByType,
} from './store.ts';

const documentOrderings = {
  CREATED_AT: { column: 'createdAt', type: 'instant' },
  UPDATED_AT: { column: 'updatedAt', type: 'instant' },
  TITLE: { column: 'titleKey', type: 'string' },
  SIZE: { column: 'size', type: 'number' },
} as const satisfies Record<string, Omit<Ordering, 'list' | 'direction'>>;

const folderOrderings = {
  PATH: { column: 'path', type: 'string' },
  CREATED_AT: { column: 'createdAt', type: 'instant' },
} as const satisfies Record<string, Omit<Ordering, 'list' | 'direction'>>;

/** A search in the form in which titles and names are compared, which never have a NUL character. */
const searchKey = (search: string | null | undefined) =>
  search?.replaceAll('\0', '').trim().normalize('NFC').toLowerCase() || undefined;

/** A number of bytes of a filter, which the table can compare only when it is whole. */
function wholeBytes(filter: DocumentFilter, field: 'sizeMin' | 'sizeMax'): number | undefined {
  const bytes = filter[field] ?? undefined;
  if (bytes === undefined || Number.isSafeInteger(bytes)) return bytes;
  throw new PanoramaError('BAD_USER_INPUT', 'A size is a whole number of bytes.', { field: `filter.${field}` });
}

/** The documents of the tenant, newest first unless ordered otherwise. */
export async function listDocuments(
  context: DocumentsContext,
  args: QueryDocumentsArgs,
): Promise<Connection<DocumentRow>> {
  const { field, direction } = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' };
  const page = planPage(context.cursors, args, { list: 'documents.documents', ...documentOrderings[field], direction });
  const filter = args.filter ?? {};
  const selection = {
    search: searchKey(args.search),
    ownerId: filter.ownerId ?? undefined,
    folderId: filter.folderId ?? undefined,
    types: filter.types ?? undefined,
    statuses: filter.statuses ?? undefined,
    createdFrom: filter.createdFrom ?? undefined,
    createdTo: filter.createdTo ?? undefined,
    sizeMin: wholeBytes(filter, 'sizeMin'),
    sizeMax: wholeBytes(filter, 'sizeMax'),
  };
  const rows = await context.database.read(context, (tx) => findDocuments(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countDocuments(tx, selection)));
}

/** The folders of the tenant, by path unless ordered otherwise. */
export async function listFolders(context: DocumentsContext, args: QueryFoldersArgs): Promise<Connection<FolderModel>> {
  const { field, direction } = args.orderBy ?? { field: 'PATH', direction: 'ASC' };
  const page = planPage(context.cursors, args, { list: 'documents.folders', ...folderOrderings[field], direction });
  const { ownerId, parentId, isTopLevel } = args.filter ?? {};
  const selection = {
    search: searchKey(args.search),
    ownerId: ownerId ?? undefined,
    parentId: parentId ?? undefined,
    isTopLevel: isTopLevel ?? undefined,
  };
  const rows = await context.database.read(context, (tx) => findFolders(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countFolders(tx, selection)));
}

/** How many documents `CustomerDocuments.recentDocuments` shows, unless told otherwise and at most. */
const recentDocuments = { default: 5, max: 20 } as const;

/** The newest documents of an owner. Throws `BAD_USER_INPUT` or `OPERATION_LIMIT_EXCEEDED`. */
export async function listRecentDocuments(
  context: DocumentsContext,
  ownerId: string,
  first: number | null | undefined,
): Promise<DocumentRow[]> {
  const limit = readListSize(first, recentDocuments);
  return [...(await context.loaders.newestDocuments(limit).load(ownerId))];
}

/** What the documents of the tenant, or of one owner, take up. */
export async function getStorageUsage(
  context: DocumentsContext,
  ownerId: string | null | undefined,
): Promise<StorageUsageModel> {
  const byType = await context.database.read(context, (tx) => sumUsageByType(tx, ownerId ?? undefined));
  return {
    documentCount: byType.reduce((sum, usage) => sum + usage.documentCount, 0),
    size: byType.reduce((sum, usage) => sum + usage.size, 0),
    byType,
  };
}
