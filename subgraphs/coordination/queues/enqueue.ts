import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { insertJob } from '../store/queues.ts';
import type { CoordinationTransaction } from '../store.ts';
import { priorities, type QueuePriority } from './queue.ts';

/** In which transaction a job is queued, and who queues it: a command, the handler of an event, or another job. */
export interface JobSender {
  readonly tx: CoordinationTransaction;
  /** A user, a credential, or `app:<name>`. */
  readonly queuedBy: string;
  readonly sourceApp: string;
  readonly correlationId?: string | undefined;
  /** The event that it follows from. */
  readonly eventId?: string | undefined;
}

/** A job to queue. Its queue, its type and its data have been checked, or are the platform's own. */
export interface QueuedJob {
  readonly queue: string;
  readonly type: string;
  readonly data: unknown;
  /** Queued again under it in the same queue, it is not done again. */
  readonly key?: string | undefined;
  readonly priority?: QueuePriority | undefined;
  /** At once, where it is left out. */
  readonly runAt?: Date | undefined;
  /** Whether a change tells of it; nothing does where the event that it follows from says enough. */
  readonly isTold?: boolean;
}

/**
 * Queues a job: it is there when the transaction commits, and begins within a second, or at once after `pokeQueues`. Gives
 * its id; undefined where one is there under the key.
 */
export async function enqueue(sender: JobSender, job: QueuedJob): Promise<string | undefined> {
  const { tx, queuedBy, sourceApp, correlationId = null, eventId = null } = sender;
  const { queue, type, data, key = null, priority = 'NORMAL', runAt, isTold = false } = job;
  const id = newEntityId();
  const urgency = priorities.indexOf(priority);
  const origin = { queuedBy, sourceApp, correlationId, causationId: eventId };
  const isNew = await insertJob(tx, {
    ...{ id, queue, type, key, priority: urgency, data, runAt, ...origin },
    version: isTold ? 1 : 0,
  });
  return isNew ? id : undefined;
}
