import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import type { DocumentRow, FolderModel } from './store.ts';

function processingOf(document: DocumentRow) {
  if (!document.processedAt) return null;
  const { wordCount, lineCount, characterCount, processingMs, processingSummary } = document;
  return { wordCount, lineCount, characterCount, durationMs: processingMs ?? 0, summary: processingSummary ?? '' };
}

/** What a change tells of a document: everything but its text. */
export function documentChange(type: string, document: DocumentRow): NewChange {
  const { id, title, mimeType, size, status, checksum, ownerId, folderId } = document;
  const { createdAt, updatedAt, processedAt, retentionUntil, version } = document;
  const content = { id, title, type: document.type, mimeType, size, status, checksum, ownerId, folderId };
  const rest = { processing: processingOf(document), createdAt, updatedAt, processedAt, retentionUntil, version };
  return { type, entityId: id, version, data: toChangeData({ ...content, ...rest }) };
}

/** What is told of a document that was removed; its last version is that of the removal. */
export function documentDeletion({ id, ownerId, version }: DocumentRow): NewChange {
  return { type: 'DOCUMENT_DELETED', op: 'DELETE', entityId: id, version, data: { id, ownerId } };
}

/** What is told of a new folder; folders do not change. */
export function folderCreation(folder: FolderModel): NewChange {
  const { id, name, path, parentId, ownerId, template, createdAt } = folder;
  const data = toChangeData({ id, name, path, parentId, ownerId, template, createdAt });
  return { type: 'FOLDER_CREATED', entityId: id, version: 1, data };
}
