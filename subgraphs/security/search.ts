import { grants } from '../../kernel/permissions/permission.ts';
import { searchRecords } from '../../kernel/search/search-records.ts';

const readers = ['read:security', 'read:incidents'];

/** How incidents are found: by their types, descriptions and resolutions. */
export const search = searchRecords({
  app: 'security',
  types: {
    Incident: {
      table: 'incidents',
      title: 'r.type',
      facts: [],
      text: `concat_ws(' ', r.description, r.resolution)`,
      visible: ({ permissions }) =>
        readers.some((one) => grants(permissions, one)) ? undefined : { column: 'id', values: [] },
    },
  },
});
