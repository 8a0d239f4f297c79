import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/documents/client.ts';
import { createGroupLoader, createLoader } from '../../kernel/data/batch.ts';
import type { DayFigure } from '../../kernel/data/day-figures.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import { createUploadsLoader } from './metrics.ts';
import {
  countDocumentsIn,
  type DocumentRow,
  type DocumentText,
  type FolderContent,
  type FolderModel,
  findDocumentsById,
  findFoldersById,
  findFoldersOfOwners,
  findNewestDocuments,
  findTexts,
  type OwnerUsage,
  sumUsageOfOwners,
} from './store.ts';

/** The batch functions of one request. */
export interface DocumentsLoaders {
  readonly document: DataLoader<string, DocumentRow | null>;
  readonly text: DataLoader<string, DocumentText | null>;
  /** By the id of a day of metrics. */
  readonly uploadsOfDay: DataLoader<string, readonly DayFigure[]>;
  readonly folder: DataLoader<string, FolderModel | null>;
  /** By folder id. */
  readonly folderContent: DataLoader<string, FolderContent | null>;
  /** By owner id, like those that follow. */
  readonly usage: DataLoader<string, OwnerUsage | null>;
  readonly folders: DataLoader<string, readonly FolderModel[]>;
  /** The newest documents of an owner, at most `limit`; each limit has a loader of its own. */
  readonly newestDocuments: (limit: number) => DataLoader<string, readonly DocumentRow[]>;
}

export type DocumentsContext = AppContext<PrismaClient, DocumentsLoaders>;

/** How many folders `CustomerDocuments.folders` shows at most. */
const foldersOfOwnerMax = 100;

export function createDocumentsLoaders(context: Omit<DocumentsContext, 'loaders'>): DocumentsLoaders {
  const { database } = context;
  const newestByLimit = new Map<number, DataLoader<string, readonly DocumentRow[]>>();

  function newestDocuments(limit: number) {
    const known = newestByLimit.get(limit);
    if (known) return known;
    const loader = createGroupLoader(
      (ownerIds) => database.read(context, (tx) => findNewestDocuments(tx, ownerIds, limit)),
      (document) => document.ownerId,
    );
    newestByLimit.set(limit, loader);
    return loader;
  }

  return {
    document: createLoader(
      (ids) => database.read(context, (tx) => findDocumentsById(tx, ids)),
      (document) => document.id,
    ),
    text: createLoader(
      (ids) => database.read(context, (tx) => findTexts(tx, ids)),
      (document) => document.id,
    ),
    folder: createLoader(
      (ids) => database.read(context, (tx) => findFoldersById(tx, ids)),
      (folder) => folder.id,
    ),
    folderContent: createLoader(
      (ids) => database.read(context, (tx) => countDocumentsIn(tx, ids)),
      (content) => content.folderId,
    ),
    usage: createLoader(
      (ownerIds) => database.read(context, (tx) => sumUsageOfOwners(tx, ownerIds)),
      (usage) => usage.ownerId,
    ),
    folders: createGroupLoader(
      (ownerIds) => database.read(context, (tx) => findFoldersOfOwners(tx, ownerIds, foldersOfOwnerMax)),
      (folder) => folder.ownerId,
    ),
    newestDocuments,
    uploadsOfDay: createUploadsLoader(context),
  };
}
