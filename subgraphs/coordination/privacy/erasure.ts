import type { PersonalApp } from '../../../kernel/privacy/erase-customer.ts';
import { deletePersonalRows, type PersonalTable } from '../../../kernel/privacy/personal-records.ts';
import type { CoordinationClient } from '../store.ts';

const voiceCommands = {
  type: 'VoiceCommand',
  table: 'coordination.voice_commands',
  where: `t.user_id = $2 OR lower(coalesce(t.speech, '')) LIKE ANY ($4)`,
} as const satisfies PersonalTable;
const notifications = {
  type: 'Notification',
  table: 'coordination.notifications',
  where: `t.user_id = $2 OR t.about_id = $2 OR lower(t.title || ' ' || t.message) LIKE ANY ($4)`,
} as const satisfies PersonalTable;
/** What they registered would go on being told what they could read. */
const webhooks = {
  type: 'Webhook',
  table: 'coordination.webhooks',
  where: `t.reader = 'user:' || $2`,
} as const satisfies PersonalTable;
/** With it goes what was read. */
const inboxes = {
  type: 'NotificationInbox',
  table: 'coordination.notification_inboxes',
  where: `t.reader = 'user:' || $2`,
  key: ['reader'],
} as const satisfies PersonalTable;
/** What was sent to them, or was to be. */
const deliveries = {
  type: 'NotificationDelivery',
  table: 'coordination.notification_deliveries',
  where: 't.user_id = $2',
} as const satisfies PersonalTable;
/** What jobs were queued with; it is there while they can be done again. */
const jobData = {
  type: 'data of a job',
  table: 'coordination.queue_job_data',
  where: `lower(t.data::text) LIKE ANY ($4) AND EXISTS (
    SELECT FROM coordination.queue_jobs j WHERE (j.tenant_id, j.id) = (t.tenant_id, t.job_id) AND j.ended_at IS NOT NULL)`,
  key: ['job_id'],
} as const satisfies PersonalTable;
/** What runs were begun with; it is there while they can be begun anew. */
const inputs = {
  type: 'input of a WorkflowRun',
  table: 'coordination.workflow_inputs',
  where: `lower(t.input::text) LIKE ANY ($4) AND EXISTS (
    SELECT FROM coordination.workflow_runs r WHERE (r.tenant_id, r.id) = (t.tenant_id, t.run_id)
      AND r.status IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))`,
  key: ['run_id'],
} as const satisfies PersonalTable;
const customerExports = {
  type: 'CustomerExport',
  table: 'coordination.customer_exports',
  where: 't.customer_id = $2',
} as const satisfies PersonalTable;
/** A report is a copy of what apps knew: one that has the person in it goes whole. */
const reports = {
  type: 'Report',
  table: 'coordination.reports',
  where: `EXISTS (SELECT FROM coordination.report_pages p WHERE (p.tenant_id, p.report_id) = (t.tenant_id, t.id)
    AND (strpos(p.rows::text, to_json($2::text)::text) > 0 OR lower(p.rows::text) LIKE ANY ($4)))`,
} as const satisfies PersonalTable;
const runs = {
  type: 'WorkflowRun',
  table: 'coordination.workflow_runs',
  where: 't.started_by = $2',
  keptBecause: 'They say what was done and who began it, by ids alone.',
} as const satisfies PersonalTable;
const erasures = {
  type: 'CustomerErasure',
  table: 'coordination.customer_erasures',
  where: 't.customer_id = $2',
  keptBecause: 'It is the proof that the customer was erased, by an id that leads nowhere.',
} as const satisfies PersonalTable;

/** What goes, and the change that tells of it. */
const published: readonly (readonly [PersonalTable, string])[] = [
  [voiceCommands, 'VOICE_COMMAND_DELETED'],
  [notifications, 'NOTIFICATION_DELETED'],
  [webhooks, 'WEBHOOK_REMOVED'],
  [reports, 'REPORT_DELETED'],
  [customerExports, 'CUSTOMER_EXPORT_DELETED'],
];

/** What this app itself holds on people. */
export const privacy: PersonalApp<CoordinationClient> = {
  app: 'coordination',
  tables: [
    voiceCommands,
    notifications,
    deliveries,
    webhooks,
    inboxes,
    inputs,
    jobData,
    customerExports,
    reports,
    runs,
    erasures,
  ],
  async erase(tx, publish, person) {
    const gone: { readonly type: string; readonly outcome: 'ERASED'; readonly count: number }[] = [];
    const subjects = [person.customerId];
    for (const [table, type] of published) {
      const rows = await deletePersonalRows(tx, table, person);
      for (const { id, version = 1 } of rows) {
        publish({ type, op: 'DELETE', entityId: String(id), version: Number(version) + 1, data: { id } });
        subjects.push(String(id));
      }
      gone.push({ type: table.type, outcome: 'ERASED', count: rows.length });
    }
    for (const table of [deliveries, inboxes, inputs, jobData]) {
      const rows = await deletePersonalRows(tx, table, person);
      gone.push({ type: table.type, outcome: 'ERASED', count: rows.length });
    }
    return { records: gone, subjects };
  },
};
