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

const urgent: ReadonlySet<unknown> = new Set(['HIGH', 'CRITICAL']);
const alert = { title: 'Security incident', message: 'An incident was reported.', event: 'SECURITY_INCIDENT' };

/**
 * Which jobs follow from what happens in other apps. None from a lead that is made or converted: the CRM makes contact,
 * activity and deal with it, so the jobs for that are for leads that came in another way.
 */
export const queueEvents: EventHandlers<PrismaClient> = {
  async LEAD_STATUS_CHANGED({ entityId, data }, context) {
    if (data.status !== 'QUALIFIED') return 'unchanged';
    return await queueFrom(context, { queue: 'lead-processing', type: 'LEAD_QUALIFIED', data: { leadId: entityId } });
  },
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
