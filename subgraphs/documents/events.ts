import type { PrismaClient } from '../../generated/prisma/documents/client.ts';
import type { EventHandlers } from '../../kernel/changes/handlers/event-handler.ts';
import { folderCreation } from './changes.ts';
import { applyTemplate } from './folder-commands.ts';
import { folderTemplates } from './folder-templates.ts';
import { dropEmptyFolders } from './onboarding.ts';

const ofNewCustomers = 'standard';

/** What documents does when something has happened in another app. */
export const events: EventHandlers<PrismaClient> = {
  /** Makes the folders that every customer has; those that are there already stay as they are. */
  async USER_CREATED({ entityId: ownerId }, { tx, publish }) {
    const { folders = [] } = folderTemplates.find(({ name }) => name === ofNewCustomers) ?? {};
    const { made } = await applyTemplate(tx, { ownerId, parent: null }, ofNewCustomers, folders);
    for (const folder of made) publish(folderCreation(folder));
    return made.length > 0 ? 'changed' : 'unchanged';
  },

  /** Removes the folders that nobody has put anything into; documents of a customer only an erasure removes. */
  async USER_DELETED({ entityId: ownerId }, { tx, publish }) {
    const ids = await dropEmptyFolders(tx, publish, ownerId);
    return ids.length > 0 ? 'changed' : 'unchanged';
  },
};
