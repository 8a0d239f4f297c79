import type { PrismaClient } from '../../../generated/prisma/coordination/client.ts';
import type { EventContext, EventHandlers } from '../../../kernel/changes/handlers/event-handler.ts';
import { enqueue, type QueuedJob } from './enqueue.ts';
import { voiceNotification } from './jobs/voice.ts';

/** Queues what follows from an event; once, as its id is the key. */
async function queueFrom(
  { tx, eventId, correlationId }: EventContext<PrismaClient>,
  job: Omit<QueuedJob, 'key' | 'isTold'>,
): Promise<'changed' | 'unchanged'> {
  const sender = { tx, queuedBy: 'app:coordination', sourceApp: 'coordination', correlationId, eventId };
  const id = await enqueue(sender, { ...job, key: eventId });
  return id === undefined ? 'unchanged' : 'changed';
}

const leadJob = (type: string, leadId: string) => ({ queue: 'lead-processing', type, data: { leadId } });

const urgent: ReadonlySet<unknown> = new Set(['HIGH', 'CRITICAL']);
const alert = { title: 'Security incident', message: 'An incident was reported.', event: 'SECURITY_INCIDENT' };

/** Which jobs follow from what happens in other apps. */
export const queueEvents: EventHandlers<PrismaClient> = {
  LEAD_CREATED: ({ entityId }, context) => queueFrom(context, leadJob('LEAD_CREATED', entityId)),
  async LEAD_STATUS_CHANGED({ entityId, data }, context) {
    return data.status === 'QUALIFIED' ? await queueFrom(context, leadJob('LEAD_QUALIFIED', entityId)) : 'unchanged';
  },
  LEAD_CONVERTED: ({ entityId }, context) => queueFrom(context, leadJob('LEAD_CONVERTED', entityId)),
  async SECURITY_INCIDENT({ data }, context) {
    if (!urgent.has(data.severity)) return 'unchanged';
    return await queueFrom(context, {
      queue: 'voice-processing',
      type: voiceNotification,
      data: alert,
      priority: 'HIGH',
    });
  },
};
