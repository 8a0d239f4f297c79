import type { ConsentPurpose } from '../../generated/graphql/analytics.ts';
import {
  type Consent,
  type CustomerBehavior,
  type DailyMetric,
  type DocumentMetrics,
  Prisma,
  type PrismaClient,
  type Threshold,
  type TrackedEvent,
} from '../../generated/prisma/analytics/client.ts';
import { columnsOf } from '../../kernel/data/columns.ts';
import { missingRows } from '../../kernel/data/missing-rows.ts';
import type { Connection, PageQuery } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';
import type { TimeRange } from '../../kernel/data/time-range.ts';

/** A transaction in which the rows of one tenant of this app can be reached. */
export type AnalyticsTransaction = TenantTransaction<PrismaClient>;

// What resolvers of each type get as their parent.
export type TrackedEventModel = TrackedEvent;
export type CustomerModel = { readonly id: string };
export type CustomerBehaviorModel = Omit<CustomerBehavior, 'tenantId' | 'updatedAt' | 'revision'>;
export type ConsentModel = Omit<Consent, 'tenantId' | 'purpose'> & { readonly purpose: ConsentPurpose };
export type DocumentMetricsRow = DocumentMetrics;
export type ThresholdModel = Threshold;
export type TrackedEventConnectionModel = Connection<TrackedEvent>;
export type ThresholdConnectionModel = Connection<Threshold>;
export type MetricsModel = TimeRange;
export type MetricsDayModel = { readonly id: string };

/** Which tracked events to find. */
export interface TrackedEventSelection {
  readonly customerId?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly app?: string | undefined;
  readonly occurredFrom?: Date | undefined;
  readonly occurredTo?: Date | undefined;
}

function whereTrackedEvents(tx: AnalyticsTransaction, selection: TrackedEventSelection): Prisma.TrackedEventWhereInput {
  const { customerId, types, app, occurredFrom, occurredTo } = selection;
  return {
    tenantId: tx.tenantId,
    ...(customerId !== undefined && { customerId }),
    ...(types && { type: { in: [...types] } }),
    ...(app !== undefined && { app }),
    ...((occurredFrom || occurredTo) && {
      occurredAt: { ...(occurredFrom && { gte: occurredFrom }), ...(occurredTo && { lt: occurredTo }) },
    }),
  };
}

export function findTrackedEvents(
  tx: AnalyticsTransaction,
  selection: TrackedEventSelection,
  page: PageQuery,
): Promise<TrackedEvent[]> {
  const where = { AND: [whereTrackedEvents(tx, selection), page.where] };
  return tx.client.trackedEvent.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countTrackedEvents(tx: AnalyticsTransaction, selection: TrackedEventSelection): Promise<number> {
  return tx.client.trackedEvent.count({ where: whereTrackedEvents(tx, selection) });
}

export function findTrackedEventsById(tx: AnalyticsTransaction, ids: readonly string[]): Promise<TrackedEvent[]> {
  return tx.client.trackedEvent.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } } });
}

export type NewTrackedEvent = Omit<Prisma.TrackedEventUncheckedCreateInput, 'tenantId'>;

export function insertTrackedEvent(tx: AnalyticsTransaction, event: NewTrackedEvent): Promise<TrackedEvent> {
  return tx.client.trackedEvent.create({ data: { ...event, tenantId: tx.tenantId } });
}

const behaviorColumns = Prisma.raw(columnsOf(Object.values(Prisma.CustomerBehaviorScalarFieldEnum)));

export function findBehaviorOf(tx: AnalyticsTransaction, customerIds: readonly string[]): Promise<CustomerBehavior[]> {
  return tx.rows(Prisma.sql`
    SELECT ${behaviorColumns} FROM customer_behavior
    WHERE tenant_id = ${tx.tenantId} AND customer_id = ANY(${customerIds})`);
}

/**
 * The behavior of a customer, made if there is none, and locked until the transaction ends: one statement
 * (`INSERT ... ON CONFLICT DO UPDATE`), so that of two events at the same time neither is lost.
 */
export function lockBehavior(tx: AnalyticsTransaction, customerId: string): Promise<CustomerBehavior> {
  const key = { tenantId: tx.tenantId, customerId };
  return tx.client.customerBehavior.upsert({
    where: { tenantId_customerId: key },
    create: key,
    update: { updatedAt: new Date() },
  });
}

/** The behavior of a customer as it is kept. */
export type BehaviorRow = CustomerBehavior;
export type BehaviorChange = Omit<Prisma.CustomerBehaviorUncheckedUpdateInput, 'tenantId' | 'customerId' | 'revision'>;

/** Changes the behavior that `lockBehavior` holds, and counts its revision up. */
export function changeBehavior(
  tx: AnalyticsTransaction,
  customerId: string,
  change: BehaviorChange,
): Promise<CustomerBehavior> {
  return tx.client.customerBehavior.update({
    where: { tenantId_customerId: { tenantId: tx.tenantId, customerId } },
    data: { ...change, revision: { increment: 1 } },
  });
}

/** How many customers have more than this score and more than this many sessions. */
export function countBehaviorAbove(tx: AnalyticsTransaction, score: number, sessions: number): Promise<number> {
  return tx.client.customerBehavior.count({
    where: { tenantId: tx.tenantId, behaviorScore: { gt: score }, sessionCount: { gt: sessions } },
  });
}

export function countBehavior(tx: AnalyticsTransaction): Promise<number> {
  return tx.client.customerBehavior.count({ where: { tenantId: tx.tenantId } });
}

/** Adds to a metric on a day, and gives its value then. */
export async function countUp(tx: AnalyticsTransaction, name: string, day: Date, by = 1): Promise<number> {
  const [counted] = await tx.rows<{ value: number }>(Prisma.sql`
    INSERT INTO daily_metrics AS m (tenant_id, name, day, value)
    VALUES (${tx.tenantId}, ${name}, ${day.toISOString().slice(0, 10)}::date, ${by})
    ON CONFLICT (tenant_id, name, day) DO UPDATE SET value = m.value + EXCLUDED.value
    RETURNING value`);
  if (!counted) throw new Error('A metric was counted and not given back.');
  return counted.value;
}

/** The names of the tenant's metrics that have a value on some of the days, first in the alphabet first. */
export async function findMetricNames(tx: AnalyticsTransaction, from: Date, to: Date, max: number): Promise<string[]> {
  const found = await tx.client.dailyMetric.groupBy({
    by: ['name'],
    where: { tenantId: tx.tenantId, day: { gte: from, lte: to } },
    orderBy: { name: 'asc' },
    take: max,
  });
  return found.map(({ name }) => name);
}

/** The values of metrics from one day to another, both included, by name and day. */
export function findDailyMetrics(
  tx: AnalyticsTransaction,
  names: readonly string[],
  from: Date,
  to: Date,
): Promise<DailyMetric[]> {
  return tx.client.dailyMetric.findMany({
    where: { tenantId: tx.tenantId, name: { in: [...names] }, day: { gte: from, lte: to } },
    orderBy: [{ name: 'asc' }, { day: 'asc' }],
  });
}

/** Which thresholds to find. */
export interface ThresholdSelection {
  readonly metric?: string | undefined;
}

function whereThresholds(tx: AnalyticsTransaction, { metric }: ThresholdSelection): Prisma.ThresholdWhereInput {
  return { tenantId: tx.tenantId, ...(metric !== undefined && { metric }) };
}

export function findThresholds(
  tx: AnalyticsTransaction,
  selection: ThresholdSelection,
  page: PageQuery,
): Promise<Threshold[]> {
  const where = { AND: [whereThresholds(tx, selection), page.where] };
  return tx.client.threshold.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countThresholds(tx: AnalyticsTransaction, selection: ThresholdSelection): Promise<number> {
  return tx.client.threshold.count({ where: whereThresholds(tx, selection) });
}

export function findThresholdsById(tx: AnalyticsTransaction, ids: readonly string[]): Promise<Threshold[]> {
  return tx.client.threshold.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } } });
}

const thresholdColumns = Prisma.raw(columnsOf(Object.values(Prisma.ThresholdScalarFieldEnum)));

/** The thresholds of some metrics. */
export function findThresholdsOf(tx: AnalyticsTransaction, metrics: readonly string[]): Promise<Threshold[]> {
  return tx.rows(Prisma.sql`
    SELECT ${thresholdColumns} FROM thresholds
    WHERE tenant_id = ${tx.tenantId} AND metric = ANY(${[...metrics]}) ORDER BY id`);
}

/** What a tenant has at most one threshold for. */
export interface ThresholdKey {
  readonly metric: string;
  readonly comparison: string;
}

export function findThreshold(tx: AnalyticsTransaction, key: ThresholdKey): Promise<Threshold | null> {
  return tx.client.threshold.findFirst({ where: { ...key, tenantId: tx.tenantId } });
}

/** Sets a threshold, which gets the given id if it is new; one that exists counts its version up. */
export function putThreshold(
  tx: AnalyticsTransaction,
  id: string,
  key: ThresholdKey,
  value: number,
): Promise<Threshold> {
  const tenantKey = { ...key, tenantId: tx.tenantId };
  return tx.client.threshold.upsert({
    where: { tenantId_metric_comparison: tenantKey },
    create: { ...tenantKey, id, value },
    update: { value, updatedAt: new Date(), version: { increment: 1 } },
  });
}

/** Changes a threshold that still has a version; null when there is none. */
export async function changeThreshold(
  tx: AnalyticsTransaction,
  key: ThresholdKey,
  version: number,
  value: number,
): Promise<Threshold | null> {
  const [threshold] = await tx.client.threshold.updateManyAndReturn({
    where: { ...key, tenantId: tx.tenantId, version },
    data: { value, updatedAt: new Date(), version: { increment: 1 } },
  });
  return threshold ?? null;
}

/** Rows of a tenant to write where they are not there yet. */
export interface AnalyticsRows {
  readonly events: readonly NewTrackedEvent[];
  readonly behavior: readonly Omit<Prisma.CustomerBehaviorUncheckedCreateInput, 'tenantId'>[];
  readonly metrics: readonly Omit<Prisma.DailyMetricUncheckedCreateInput, 'tenantId'>[];
  readonly thresholds: readonly Omit<Prisma.ThresholdUncheckedCreateInput, 'tenantId'>[];
}

/** Writes rows with a few statements; a row whose key is taken stays as it is. */
export async function insertMissing(tx: AnalyticsTransaction, rows: AnalyticsRows): Promise<void> {
  await tx.client.trackedEvent.createMany(missingRows(tx, rows.events));
  await tx.client.customerBehavior.createMany(missingRows(tx, rows.behavior));
  await tx.client.dailyMetric.createMany(missingRows(tx, rows.metrics));
  await tx.client.threshold.createMany(missingRows(tx, rows.thresholds));
}
