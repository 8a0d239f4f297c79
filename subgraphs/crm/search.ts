import { grants } from '../../kernel/permissions/permission.ts';
import { searchRecords, type VisibleRecords } from '../../kernel/search/search-records.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { assigneesFor } from './rules.ts';

const nameOfPerson = `r.first_name || ' ' || r.last_name`;

/** All records for whoever has the permission, and none otherwise. */
const allWith =
  (permission: string) =>
  ({ permissions }: Principal): VisibleRecords | undefined =>
    grants(permissions, permission) ? undefined : { column: 'id', values: [] };

/** How leads, contacts and deals are found: by names and titles, by e-mail address, phone number, company and note. */
export const search = searchRecords({
  app: 'crm',
  types: {
    Lead: {
      table: 'leads',
      title: nameOfPerson,
      facts: ['r.email', 'r.company', 'r.phone'],
      text: 'r.note',
      visible: (principal) => {
        const values = assigneesFor(principal, 'read');
        return values && { column: 'assignee_id', values };
      },
    },
    Contact: {
      table: 'contacts',
      title: nameOfPerson,
      facts: ['r.email', 'r.phone'],
      visible: allWith('read:contacts'),
    },
    Deal: { table: 'deals', title: 'r.title', facts: [], visible: allWith('read:deals') },
  },
});
