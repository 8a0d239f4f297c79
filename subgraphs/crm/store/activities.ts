import type { ActivityFilter } from '../../../generated/graphql/crm.ts';
import { type Activity, type ActivityEntityType, Prisma } from '../../../generated/prisma/crm/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { together } from '../../../kernel/data/together.ts';
import type { Change, CrmTransaction, Selection } from '../store.ts';
import {
  containsAll,
  findNewest,
  insertRows,
  keyOf,
  nextVersion,
  withIds,
  withoutNulls,
  withoutUndefined,
} from './rows.ts';

/** The columns that are made of the others. */
export const activityKeys = (
  activity: Pick<Activity, 'type'> & Partial<Pick<Activity, 'subject' | 'description'>>,
) => ({
  searchKey: keyOf(activity.type, activity.subject, activity.description),
});
type ActivityKey = keyof ReturnType<typeof activityKeys>;

/** Which activities to find; of those about leads, all or those about the leads of some users. */
export interface ActivitySelection extends Selection<ActivityFilter> {
  readonly assignees: readonly string[] | undefined;
}

/**
 * Leaves out what is about leads of others. An activity has no key to its lead (it may be about three kinds of record), so
 * the leads are looked up first.
 */
async function aboutLeadsOf(tx: CrmTransaction, assignees: readonly string[] | undefined) {
  if (!assignees) return [];
  const leads = await tx.client.lead.findMany({
    where: { tenantId: tx.tenantId, assigneeId: { in: [...assignees] } },
    select: { id: true },
  });
  return [{ OR: [{ entityType: { not: 'LEAD' as const } }, { entityId: { in: leads.map(({ id }) => id) } }] }];
}

/** Of some activities, those that are not about leads of others. */
export async function withoutLeadsOfOthers(
  tx: CrmTransaction,
  activities: Activity[],
  assignees: readonly string[] | undefined,
): Promise<Activity[]> {
  if (!assignees || activities.length === 0) return activities;
  const about = activities.filter(({ entityType }) => entityType === 'LEAD').map(({ entityId }) => entityId);
  const leads = await tx.client.lead.findMany({
    where: { ...withIds(tx, about), assigneeId: { in: [...assignees] } },
    select: { id: true },
  });
  const visible = new Set(leads.map(({ id }) => id));
  return activities.filter(({ entityType, entityId }) => entityType !== 'LEAD' || visible.has(entityId));
}

async function whereActivities(
  tx: CrmTransaction,
  { words, filter, assignees }: ActivitySelection,
): Promise<Prisma.ActivityWhereInput> {
  const { type, isCompleted, dueFrom, dueTo, createdFrom, createdTo, ...equal } = filter;
  return {
    tenantId: tx.tenantId,
    ...withoutNulls(equal),
    type: withoutNulls({ in: type }),
    ...(isCompleted != null && { completedAt: isCompleted ? { not: null } : null }),
    dueAt: withoutNulls({ gte: dueFrom, lt: dueTo }),
    createdAt: withoutNulls({ gte: createdFrom, lt: createdTo }),
    AND: [...containsAll(words), ...(await aboutLeadsOf(tx, assignees))],
  };
}

export async function findActivities(
  tx: CrmTransaction,
  selection: ActivitySelection,
  page: PageQuery,
): Promise<Activity[]> {
  const where = { AND: [await whereActivities(tx, selection), page.where] };
  return tx.client.activity.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export async function countActivities(tx: CrmTransaction, selection: ActivitySelection): Promise<number> {
  return tx.client.activity.count({ where: await whereActivities(tx, selection) });
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
  return together(tx, insertActivities, activity);
}

const insertActivities = (tx: CrmTransaction, activities: readonly NewActivity[]) =>
  insertRows<Activity>(
    tx,
    'activities',
    activities.map((activity) => ({ ...activity, ...activityKeys(activity) })),
  );

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
