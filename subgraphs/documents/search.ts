import { grants } from '../../kernel/permissions/permission.ts';
import { searchRecords } from '../../kernel/search/search-records.ts';

/** How documents are found: by their titles, and the first 50,000 characters of their texts. */
export const search = searchRecords({
  app: 'documents',
  types: {
    Document: {
      table: 'documents',
      title: 'r.title',
      facts: [],
      text: 'r.text',
      visible: ({ permissions }) => (grants(permissions, 'read:documents') ? undefined : { column: 'id', values: [] }),
    },
  },
});
