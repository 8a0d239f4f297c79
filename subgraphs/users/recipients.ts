import type { QueryNotificationRecipientsArgs } from '../../generated/graphql/users.ts';
import type { UsersContext } from './loaders.ts';
import { findRecipientRows, type RecipientRow } from './store/recipients.ts';

const mostAtOnce = 500;

/** Where users are told something that is for a permission, or for all. */
export function findRecipients(
  context: UsersContext,
  { permission, userIds, after }: QueryNotificationRecipientsArgs,
): Promise<RecipientRow[]> {
  const wanted = { permission: permission ?? null, userIds: userIds ?? null, after: after ?? null };
  return context.database.read(context, (tx) => findRecipientRows(tx, wanted, mostAtOnce));
}
