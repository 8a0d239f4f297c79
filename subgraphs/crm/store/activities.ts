import type { ActivityFilter } from '../../../generated/graphql/crm.ts';
import { type Activity, type ActivityEntityType, Prisma } from '../../../generated/prisma/crm/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import { containsAll, findNewest, keyOf, nextVersion, withIds, withoutNulls, withoutUndefined } from './rows.ts';

/** The columns that are made of the others. */
export const activityKeys = (
  activity: Pick<Activity, 'type'> & Partial<Pick<Activity, 'subject' | 'description'>>,
) => ({
  searchKey: keyOf(activity.type, activity.subject, activity.description),
});
type ActivityKey = keyof ReturnType<typeof activityKeys>;

function whereActivities(tx: CrmTransaction, { words, filter }: Selection<ActivityFilter>): Prisma.ActivityWhereInput {
  const { type, isCompleted, dueFrom, dueTo, createdFrom, createdTo, ...equal } = filter;
  return {
    tenantId: tx.tenantId,
    ...withoutNulls(equal),
    type: withoutNulls({ in: type }),
    ...(isCompleted != null && { completedAt: isCompleted ? { not: null } : null }),
    dueAt: withoutNulls({ gte: dueFrom, lt: dueTo }),
    createdAt: withoutNulls({ gte: createdFrom, lt: createdTo }),
    AND: containsAll(words),
  };
}

export function findActivities(
  tx: CrmTransaction,
  selection: Selection<ActivityFilter>,
  page: PageQuery,
): Promise<Activity[]> {
  const where = { AND: [whereActivities(tx, selection), page.where] };
  return tx.client.activity.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countActivities(tx: CrmTransaction, selection: Selection<ActivityFilter>): Promise<number> {
  return tx.client.activity.count({ where: whereActivities(tx, selection) });
}

export function findActivitiesById(tx: CrmTransaction, ids: readonly string[]): Promise<Activity[]> {
  return tx.client.activity.findMany({ where: withIds(tx, ids) });
}

export function findNewestActivitiesOfContacts(tx: CrmTransaction, contactIds: readonly string[]): Promise<Activity[]> {
  return findNewest(tx, 'activities', Prisma.sql`contact_id`, contactIds);
}

export function findNewestActivitiesAbout(
  tx: CrmTransaction,
  entityType: ActivityEntityType,
  entityIds: readonly string[],
): Promise<Activity[]> {
  const parentColumn = Prisma.sql`entity_type::text = ${entityType} AND entity_id`;
  return findNewest(tx, 'activities', parentColumn, entityIds);
}

export type NewActivity = Omit<Prisma.ActivityUncheckedCreateInput, 'tenantId' | ActivityKey> &
  Partial<Pick<Activity, 'subject' | 'description'>>;

export function insertActivity(tx: CrmTransaction, activity: NewActivity): Promise<Activity> {
  return tx.client.activity.create({ data: { ...activity, ...activityKeys(activity), tenantId: tx.tenantId } });
}

/** Changes an activity, given as it is now, and counts its version up. */
export function changeActivity(
  tx: CrmTransaction,
  activity: Activity,
  change: Change<Activity, ActivityKey>,
): Promise<Activity> {
  const fields = withoutUndefined(change);
  return tx.client.activity.update({
    where: { tenantId_id: { tenantId: tx.tenantId, id: activity.id } },
    data: { ...fields, ...activityKeys({ ...activity, ...fields }), ...nextVersion() },
  });
}
