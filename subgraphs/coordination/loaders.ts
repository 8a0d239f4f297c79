import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/coordination/client.ts';
import { createLoader } from '../../kernel/data/batch.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import { findJobsById } from './store/queues.ts';
import { findReportsById } from './store/reports.ts';
import { findVoiceCommandsById } from './store/voice.ts';
import { findRunsById } from './store/workflows.ts';
import type { QueueJobModel, ReportModel, VoiceCommandModel, WorkflowRunModel } from './store.ts';

/** The batch functions of one request. */
export interface CoordinationLoaders {
  readonly voiceCommand: DataLoader<string, VoiceCommandModel | null>;
  /** Also one that has had its time, or that the sender may not read. */
  readonly report: DataLoader<string, ReportModel | null>;
  readonly queueJob: DataLoader<string, QueueJobModel | null>;
  readonly workflowRun: DataLoader<string, WorkflowRunModel | null>;
}

export type CoordinationContext = AppContext<PrismaClient, CoordinationLoaders>;

export function createCoordinationLoaders(context: Omit<CoordinationContext, 'loaders'>): CoordinationLoaders {
  return {
    workflowRun: createLoader(
      (ids) => context.database.read(context, (tx) => findRunsById(tx, ids)),
      ({ id }) => id,
    ),
    queueJob: createLoader(
      (ids) => context.database.read(context, (tx) => findJobsById(tx, ids)),
      ({ id }) => id,
    ),
    report: createLoader(
      (ids) => context.database.read(context, (tx) => findReportsById(tx, ids)),
      ({ id }) => id,
    ),
    voiceCommand: createLoader(
      (ids) => context.database.read(context, (tx) => findVoiceCommandsById(tx, ids)),
      ({ id }) => id,
    ),
  };
}
