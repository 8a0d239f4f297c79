import {
  type CustomerErasure,
  type CustomerExport,
  type Notification,
  type NotificationDelivery,
  Prisma,
  type PrismaClient,
  type QueueJob,
  type Report,
  type VoiceCommand,
  type Webhook,
} from '../../generated/prisma/coordination/client.ts';
import type { ChangeBatch } from '../../kernel/changes/feed.ts';
import type { Connection } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';
import type { TimeRange } from '../../kernel/data/time-range.ts';
import type { PushedMutation, SettledStatus } from '../../kernel/sync/pushed-mutation.ts';
import type { ChangePage } from './queries.ts';
import type { QueueOfTenant } from './queues/queries.ts';
import type { DeadLetterRow } from './store/dead-letters.ts';
import type { WorkflowRunRow, WorkflowStepRow } from './store/workflows.ts';

/** A transaction in which what the platform keeps of one tenant can be reached, and the tables of the app. */
export type CoordinationTransaction = TenantTransaction<PrismaClient>;
export type CoordinationClient = PrismaClient;

// What resolvers of each type get as their parent.
export type ChangeBatchModel = ChangeBatch;
export type ChangeConnectionModel = ChangePage;
export type MetricsModel = TimeRange;
export type ReportModel = Report;
export type ReportConnectionModel = Connection<Report>;
export type DeadLetterModel = DeadLetterRow;
export type DeadLetterConnectionModel = Connection<DeadLetterRow>;
export type CustomerExportModel = CustomerExport;
export type CustomerErasureModel = CustomerErasure;
export type VoiceCommandModel = VoiceCommand;
export type VoiceCommandConnectionModel = Connection<VoiceCommand>;
export type VoiceCommandChangeModel = ChangeBatch;
export type QueueModel = QueueOfTenant;
export type QueueJobModel = QueueJob;
export type QueueJobConnectionModel = Connection<QueueJob>;
export type NotificationModel = Notification & { readonly isRead: boolean };
export type NotificationConnectionModel = Connection<NotificationModel>;
export type NotificationBatchModel = ChangeBatch;
export type WebhookModel = Webhook;
export type WebhookConnectionModel = Connection<Webhook>;
export type NotificationDeliveryModel = NotificationDelivery;
export type NotificationDeliveryConnectionModel = Connection<NotificationDelivery>;
export type WorkflowRunModel = WorkflowRunRow;
export type WorkflowStepModel = WorkflowStepRow;
export type WorkflowRunConnectionModel = Connection<WorkflowRunRow>;
export type WorkflowProgressModel = ChangeBatch & { readonly runId: string };
export type SyncStatusChangeModel = ChangeBatch & { readonly clientId: string };

/** A client, as far as it is settled. */
export interface SyncClientRow {
  readonly holder: string;
  readonly lastMutationId: number | null;
  readonly lastPushAt: Date | null;
}

/** A mutation that was not done, and what is said of it. */
export interface SyncRejectionRow {
  readonly mutation: PushedMutation;
  readonly status: SettledStatus;
  readonly code: string | null;
  readonly field: string | null;
  readonly message: string | null;
  readonly serverRecord: unknown;
  readonly at: Date;
}

export async function findSyncClient(
  tx: CoordinationTransaction,
  clientId: string,
): Promise<SyncClientRow | undefined> {
  const rows = await tx.rows<SyncClientRow>(Prisma.sql`
    SELECT c.holder, r.mutation_id AS "lastMutationId", r.at AS "lastPushAt"
    FROM platform.sync_clients c LEFT JOIN LATERAL (
      SELECT mutation_id, at FROM platform.sync_results
      WHERE tenant_id = c.tenant_id AND client_id = c.client_id ORDER BY mutation_id DESC LIMIT 1) r ON true
    WHERE c.tenant_id = ${tx.tenantId} AND c.client_id = ${clientId}`);
  return rows[0];
}

/** What was not done and is not acknowledged, the oldest first. */
export function findRejections(
  tx: CoordinationTransaction,
  clientId: string,
  limit: number,
): Promise<SyncRejectionRow[]> {
  return tx.rows(Prisma.sql`
    SELECT x.mutation, r.status, r.code, r.field, r.message, x.server_record AS "serverRecord", r.at
    FROM platform.sync_rejections x JOIN platform.sync_results r USING (tenant_id, client_id, mutation_id)
    WHERE tenant_id = ${tx.tenantId} AND client_id = ${clientId} AND mutation_id > coalesce((
      SELECT max(up_to) FROM platform.sync_acknowledgements a
      WHERE a.tenant_id = ${tx.tenantId} AND a.client_id = ${clientId}), 0)
    ORDER BY mutation_id LIMIT ${limit}`);
}

/** Notes that a client knows. Gives false where that was noted before. */
export async function insertAcknowledgement(
  tx: CoordinationTransaction,
  clientId: string,
  upTo: number,
): Promise<boolean> {
  const rows = await tx.rows(Prisma.sql`
    INSERT INTO platform.sync_acknowledgements (tenant_id, client_id, up_to)
    VALUES (${tx.tenantId}, ${clientId}, ${upTo}) ON CONFLICT DO NOTHING RETURNING up_to`);
  return rows.length > 0;
}
