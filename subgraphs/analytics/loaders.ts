import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/analytics/client.ts';
import { createGroupLoader, createLoader } from '../../kernel/data/batch.ts';
import type { DayFigure } from '../../kernel/data/day-figures.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import { createEventsLoader } from './metrics.ts';
import { findConsentsOf } from './store/consents.ts';
import { findDocumentMetricsOf } from './store/document-metrics.ts';
import {
  type ConsentModel,
  type CustomerBehaviorModel,
  type DocumentMetricsRow,
  findBehaviorOf,
  findThresholdsById,
  findTrackedEventsById,
  type ThresholdModel,
  type TrackedEventModel,
} from './store.ts';

/** The batch functions of one request. */
export interface AnalyticsLoaders {
  /** By customer id. */
  readonly behavior: DataLoader<string, CustomerBehaviorModel | null>;
  readonly consents: DataLoader<string, readonly ConsentModel[]>;
  /** By customer id. */
  readonly documentMetrics: DataLoader<string, DocumentMetricsRow | null>;
  readonly trackedEvent: DataLoader<string, TrackedEventModel | null>;
  readonly threshold: DataLoader<string, ThresholdModel | null>;
  /** By the id of a day of metrics. */
  readonly eventsOfDay: DataLoader<string, readonly DayFigure[]>;
}

export type AnalyticsContext = AppContext<PrismaClient, AnalyticsLoaders>;

export function createAnalyticsLoaders(context: Omit<AnalyticsContext, 'loaders'>): AnalyticsLoaders {
  const { database } = context;
  return {
    behavior: createLoader(
      (customerIds) => database.read(context, (tx) => findBehaviorOf(tx, customerIds)),
      (behavior) => behavior.customerId,
    ),
    documentMetrics: createLoader(
      (customerIds) => database.read(context, (tx) => findDocumentMetricsOf(tx, customerIds)),
      (metrics) => metrics.customerId,
    ),
    consents: createGroupLoader(
      (customerIds) => database.read(context, (tx) => findConsentsOf(tx, customerIds)),
      (consent) => consent.customerId,
    ),
    trackedEvent: createLoader(
      (ids) => database.read(context, (tx) => findTrackedEventsById(tx, ids)),
      (event) => event.id,
    ),
    threshold: createLoader(
      (ids) => database.read(context, (tx) => findThresholdsById(tx, ids)),
      (threshold) => threshold.id,
    ),
    eventsOfDay: createEventsLoader(context),
  };
}
