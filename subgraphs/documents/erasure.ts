import type { PrismaClient } from '../../generated/prisma/documents/client.ts';
import type { PersonalApp } from '../../kernel/privacy/erase-customer.ts';
import {
  anonymisePersonalRows,
  deletePersonalRows,
  type PersonalTable,
} from '../../kernel/privacy/personal-records.ts';
import { privacyFieldsOf } from '../../kernel/privacy/privacy-fields.ts';
import { documentChange } from './changes.ts';
import { findDocumentsById } from './store.ts';

const where = 't.owner_id = $2';
const documents = {
  type: 'Document',
  table: 'documents.documents',
  where,
  hidden: ['title_key'],
} as const satisfies PersonalTable;
const folders = {
  type: 'Folder',
  table: 'documents.folders',
  where,
  hidden: ['name_key'],
} as const satisfies PersonalTable;
/** Documents of others that lie in a folder of the person. */
const guests = {
  type: 'Document',
  table: 'documents.documents',
  where: `t.owner_id <> $2 AND t.folder_id IN (
    SELECT id FROM documents.folders f WHERE f.tenant_id = t.tenant_id AND f.owner_id = $2)`,
} as const satisfies PersonalTable;
/** Folders lie in each other, so all go at once. */
const allFolders = 100_000;

const privacy: PersonalApp<PrismaClient> = {
  app: 'documents',
  tables: [documents, folders],
  async erase(tx, publish, person) {
    const { customerId: ownerId } = person;
    const owned = await deletePersonalRows(tx, documents, person);
    for (const { id, version } of owned) {
      const deletion = { type: 'DOCUMENT_DELETED', op: 'DELETE', entityId: String(id), data: { id, ownerId } } as const;
      publish({ ...deletion, version: Number(version) + 1 });
    }
    const result = [{ type: documents.type, outcome: 'ERASED', count: owned.length } as const];
    if ((await tx.rows(anyLeft(tx.tenantId, ownerId))).length > 0) return { records: result, subjects: [] };
    const moved = await anonymisePersonalRows(
      tx,
      guests,
      person,
      'folder_id = NULL, updated_at = now(), version = version + 1',
    );
    for (const document of await findDocumentsById(
      tx,
      moved.map(({ id }) => String(id)),
    ))
      publish(documentChange('DOCUMENT_UPDATED', document));
    const emptied = await deletePersonalRows(tx, folders, person, allFolders);
    for (const { id } of emptied) {
      publish({ type: 'FOLDER_DELETED', op: 'DELETE', entityId: String(id), version: 2, data: { id, ownerId } });
    }
    const gone = { type: folders.type, outcome: 'ERASED', count: emptied.length } as const;
    return { records: [...result, gone], subjects: [ownerId] };
  },
};

const anyLeft = (tenantId: string, ownerId: string) => ({
  text: 'SELECT 1 FROM documents.documents WHERE tenant_id = $1 AND owner_id = $2 LIMIT 1',
  values: [tenantId, ownerId],
});

export const privacyFields = privacyFieldsOf(privacy);
