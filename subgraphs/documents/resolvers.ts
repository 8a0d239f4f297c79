import type { Resolvers } from '../../generated/graphql/documents.ts';
import { grants } from '../../kernel/permissions/permission.ts';
import { toPayload } from '../../kernel/subgraph/input.ts';
import { deleteDocument, processDocument, updateDocument, uploadDocument } from './commands.ts';
import { findBreaches } from './compliance.ts';
import { privacyFields } from './erasure.ts';
import { feedResolvers } from './feeds.ts';
import { createFolder } from './folder-commands.ts';
import { folderTemplates } from './folder-templates.ts';
import { metricsResolvers } from './metrics.ts';
import { discardFolders } from './onboarding.ts';
import { processDocuments } from './process-documents.ts';
import { getStorageUsage, listDocuments, listFolders, listRecentDocuments } from './queries.ts';
import { readRetentionRules, setRetentionRule } from './retention.ts';
import { search } from './search.ts';
import { sync } from './sync.ts';

export const resolvers: Resolvers = {
  ...feedResolvers,
  ...metricsResolvers,
  Query: {
    documentsCustomerData: privacyFields.data,
    retentionRules: (_, _args, context) => context.database.read(context, readRetentionRules),
    complianceFindings: (_, { at }, context) => findBreaches(context, at),
    documentsRecords: sync.records,
    documentsSearch: search,
    document: (_, { id }, { loaders }) => loaders.document.load(id),
    documents: (_, args, context) => listDocuments(context, args),
    folder: (_, { id }, { loaders }) => loaders.folder.load(id),
    folders: (_, args, context) => listFolders(context, args),
    folderTemplates: () => [...folderTemplates],
    storageUsage: (_, { ownerId }, context) => getStorageUsage(context, ownerId),
  },
  Mutation: {
    eraseDocumentsCustomerData: privacyFields.erase,
    applyDocumentsMutations: sync.apply,
    createFolder: async (_, { input }, context) => {
      const payload = toPayload('folders', await createFolder(context, input));
      return { ...payload, folder: payload.folders?.[0] ?? null };
    },
    discardFolders: async (_, { input }, context) =>
      toPayload('discardedFolderIds', await discardFolders(context, input)),
    processDocuments: async (_, { input }, context) => {
      const { processed, userErrors } = toPayload('processed', await processDocuments(context, input));
      const { processedCount = null, failedCount = null, processingTime = null } = processed ?? {};
      return { processedCount, failedCount, processingTime, userErrors };
    },
    uploadDocument: async (_, { input }, context) => toPayload('document', await uploadDocument(context, input)),
    setRetentionRule: async (_, { input }, context) =>
      toPayload('retentionRule', await setRetentionRule(context, input)),
    updateDocument: async (_, { input }, context) => toPayload('document', await updateDocument(context, input)),
    processDocument: async (_, { input }, context) => toPayload('document', await processDocument(context, input)),
    deleteDocument: async (_, { input }, context) => toPayload('document', await deleteDocument(context, input)),
  },
  Customer: {
    __resolveReference: ({ id }) => ({ id }),
    documents: ({ id }) => ({ ownerId: id }),
  },
  CustomerDocuments: {
    documentCount: async ({ ownerId }, _, { loaders }) => (await loaders.usage.load(ownerId))?.documentCount ?? 0,
    storageUsage: async ({ ownerId }, _, { loaders }) => (await loaders.usage.load(ownerId))?.size ?? 0,
    recentDocuments: ({ ownerId }, { first }, context) => listRecentDocuments(context, ownerId, first),
    folders: async ({ ownerId }, _, { loaders }) => [...(await loaders.folders.load(ownerId))],
  },
  Document: {
    __resolveReference: ({ id }, { loaders }) => loaders.document.load(id),
    size: ({ size }) => Number(size),
    text: async ({ id }, _, { loaders }) => (await loaders.text.load(id))?.text ?? null,
    owner: ({ ownerId }) => ({ id: ownerId }),
    folder: ({ folderId }, _, { loaders }) => (folderId === null ? null : loaders.folder.load(folderId)),
    viewerCan: (_document, _, { principal }) => {
      const may = grants(principal.permissions, 'write:documents');
      return { update: may, process: may, delete: may };
    },
    processing: (document) => (document.processedAt ? document : null),
  },
  DocumentProcessing: {
    durationMs: ({ processingMs }) => processingMs ?? 0,
    summary: ({ processingSummary }) => processingSummary ?? '',
  },
  FolderTemplate: {
    folders: ({ folders }) => [...folders],
  },
  StorageUsage: {
    byType: ({ byType }) => [...byType],
  },
  Folder: {
    __resolveReference: ({ id }, { loaders }) => loaders.folder.load(id),
    parent: ({ parentId }, _, { loaders }) => (parentId === null ? null : loaders.folder.load(parentId)),
    owner: ({ ownerId }) => ({ id: ownerId }),
    documentCount: async ({ id }, _, { loaders }) => (await loaders.folderContent.load(id))?.documentCount ?? 0,
  },
};
