import type { PrismaClient } from '../../generated/prisma/documents/client.ts';
import { syncResolvers } from '../../kernel/sync/sync-fields.ts';
import type { SyncedEntity } from '../../kernel/sync/synced-entities.ts';
import { documentChange, folderCreation } from './changes.ts';
import { findDocumentsById, findFoldersById } from './store.ts';

const documents: SyncedEntity<PrismaClient> = {
  table: 'documents',
  create: 'uploadDocument',
  update: 'updateDocument',
  remove: 'deleteDocument',
  read: async (tx, ids) =>
    (await findDocumentsById(tx, ids)).map((document) => documentChange('DOCUMENT_UPDATED', document)),
};

const folders: SyncedEntity<PrismaClient> = {
  table: 'folders',
  create: 'createFolder',
  read: async (tx, ids) => (await findFoldersById(tx, ids)).map(folderCreation),
};

/** What of the documents works without a connection. */
export const sync = syncResolvers({ app: 'documents', entities: { Document: documents, Folder: folders } });
