import { Prisma } from '../../../generated/prisma/documents/client.ts';
import type { DocumentsTransaction } from '../store.ts';

/** Removes the folders of an owner in which there is neither a document nor a folder. Gives their ids. */
export async function removeEmptyFolders(tx: DocumentsTransaction, ownerId: string): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    DELETE FROM folders f WHERE f.tenant_id = ${tx.tenantId} AND f.owner_id = ${ownerId}
      AND NOT EXISTS (SELECT FROM documents d WHERE d.tenant_id = f.tenant_id AND d.folder_id = f.id)
      AND NOT EXISTS (SELECT FROM folders c WHERE c.tenant_id = f.tenant_id AND c.parent_id = f.id)
    RETURNING f.id`);
  return rows.map(({ id }) => id);
}

/** The documents that wait to be processed, the oldest first, of which nobody else processes one now. */
export async function takeUnprocessed(tx: DocumentsTransaction, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM documents WHERE tenant_id = ${tx.tenantId} AND status = 'UPLOADED'
    ORDER BY created_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED`);
  return rows.map(({ id }) => id);
}
