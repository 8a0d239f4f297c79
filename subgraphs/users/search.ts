import { grants } from '../../kernel/permissions/permission.ts';
import { searchRecords } from '../../kernel/search/search-records.ts';

/** How users are found: by their names and e-mail addresses. */
export const search = searchRecords({
  app: 'users',
  types: {
    User: {
      table: 'users',
      title: 'r.username',
      facts: ['r.email'],
      visible: ({ permissions, userId }) => {
        if (grants(permissions, 'read:users')) return undefined;
        const isOwn = userId !== undefined && grants(permissions, 'read:own-users');
        return { column: 'id', values: isOwn ? [userId] : [] };
      },
    },
  },
});
