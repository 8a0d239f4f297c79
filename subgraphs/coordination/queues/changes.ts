import type { NewChange } from '../../../kernel/changes/change.ts';
import { toChangeData } from '../../../kernel/changes/change-data.ts';
import type { QueueJobModel } from '../store.ts';

type JobEvent = 'JOB_QUEUED' | 'JOB_CANCELLED' | 'JOB_FAILED' | 'JOB_REDRIVEN';

/** The change that tells what became of a job; not what it is about. */
export function jobChange(type: JobEvent, job: QueueJobModel): NewChange {
  const { id, queue, type: jobType, status, attempts, errorCode, createdAt, endedAt, version } = job;
  const data = toChangeData({ id, queue, type: jobType, status, attempts, errorCode, createdAt, endedAt, version });
  return { type, entityId: id, version, data };
}
