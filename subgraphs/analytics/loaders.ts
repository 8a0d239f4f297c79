import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/analytics/client.ts';
import { createLoader } from '../../kernel/data/batch.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import {
  type CustomerBehaviorModel,
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
  readonly trackedEvent: DataLoader<string, TrackedEventModel | null>;
  readonly threshold: DataLoader<string, ThresholdModel | null>;
}

export type AnalyticsContext = AppContext<PrismaClient, AnalyticsLoaders>;

export function createAnalyticsLoaders(context: Omit<AnalyticsContext, 'loaders'>): AnalyticsLoaders {
  const { database } = context;
  return {
    behavior: createLoader(
      (customerIds) => database.read(context, (tx) => findBehaviorOf(tx, customerIds)),
      (behavior) => behavior.customerId,
    ),
    trackedEvent: createLoader(
      (ids) => database.read(context, (tx) => findTrackedEventsById(tx, ids)),
      (event) => event.id,
    ),
    threshold: createLoader(
      (ids) => database.read(context, (tx) => findThresholdsById(tx, ids)),
      (threshold) => threshold.id,
    ),
  };
}
