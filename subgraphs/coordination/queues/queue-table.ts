import { analyticsJobs } from './jobs/analytics.ts';
import { backupJobs } from './jobs/backups.ts';
import { complianceJobs } from './jobs/compliance.ts';
import { leadJobs } from './jobs/leads.ts';
import { messageJobs } from './jobs/messages.ts';
import { notificationJobs } from './jobs/notifications.ts';
import { voiceJobs } from './jobs/voice.ts';
import type { AnyJobType, Queue, QueuePriority, Queues } from './queue.ts';

/**
 * How many jobs a process does at a time, by the priority of their queue. Every queue has its own, so an urgent one gets more
 * of the machine than the others and none waits for ever.
 */
const concurrencyOf: Readonly<Record<QueuePriority, number>> = Object.freeze({ HIGH: 16, NORMAL: 12, LOW: 8 });

function defineQueue(
  name: string,
  priority: QueuePriority,
  maxRetries: number,
  jobTypes: readonly AnyJobType[],
): readonly [string, Queue] {
  const concurrency = concurrencyOf[priority];
  const types = new Map(jobTypes.map((type) => [type.name, type]));
  // A half stays for whoever comes while one tenant has much to do.
  return [name, Object.freeze({ name, priority, maxRetries, concurrency, perTenant: concurrency / 2, types })];
}

/** Every queue of the platform. */
export const queues: Queues = new Map([
  defineQueue('lead-processing', 'HIGH', 3, leadJobs),
  defineQueue('email-sync', 'NORMAL', 5, messageJobs),
  defineQueue('voice-processing', 'HIGH', 2, voiceJobs),
  defineQueue('backup-operations', 'LOW', 3, backupJobs),
  defineQueue('compliance-checks', 'NORMAL', 3, complianceJobs),
  defineQueue('analytics-processing', 'LOW', 1, analyticsJobs),
  defineQueue('notification-delivery', 'NORMAL', 8, notificationJobs),
]);
