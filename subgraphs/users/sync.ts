import type { PrismaClient } from '../../generated/prisma/users/client.ts';
import { syncResolvers } from '../../kernel/sync/sync-fields.ts';
import type { SyncedEntity } from '../../kernel/sync/synced-entities.ts';
import { userChange } from './changes.ts';
import { findUsersById } from './store.ts';

const users: SyncedEntity<PrismaClient> = {
  table: 'users',
  create: 'createUser',
  update: 'updateUser',
  read: async (tx, ids) => (await findUsersById(tx, ids)).map((user) => userChange('USER_UPDATED', user)),
};

/** What of the users app works without a connection. Keys and roles do not. */
export const sync = syncResolvers({ app: 'users', entities: { User: users } });
