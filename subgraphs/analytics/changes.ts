import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import { engagementLevelOf } from './engagement.ts';
import type { BehaviorRow, ConsentModel, ThresholdModel, TrackedEventModel } from './store.ts';

/** What is told of a tracked event, which does not change. */
export function eventTracking(event: TrackedEventModel): NewChange {
  const { id, customerId, type, app, properties, occurredAt, recordedAt } = event;
  const data = toChangeData({ id, customerId, type, app, properties, occurredAt, recordedAt });
  return { type: 'EVENT_TRACKED', entityId: id, version: 1, data };
}

/** What a change tells of a customer's behavior: without the preferences, which have readers of their own. */
export function behaviorChange(behavior: BehaviorRow): NewChange {
  const { customerId, behaviorScore, sessionCount, lastActivity, revision } = behavior;
  const engagementLevel = engagementLevelOf(behavior);
  const data = toChangeData({ customerId, behaviorScore, sessionCount, lastActivity, engagementLevel });
  return { type: 'BEHAVIOR_UPDATED', entityId: customerId, version: revision, data };
}

/** What a change tells of a customer's preferences. */
export function preferencesChange({ customerId, preferences, version, revision }: BehaviorRow): NewChange {
  const data = { customerId, preferences, version };
  return { type: 'PREFERENCES_UPDATED', entityId: customerId, version: revision, data };
}

/** What a change tells of a consent: a change of what is kept of the behavior, whose revisions count it. */
export function consentRecording(consent: ConsentModel, revision: number): NewChange {
  const { customerId, purpose, granted, recordedAt } = consent;
  const data = toChangeData({ customerId, purpose, granted, recordedAt });
  return { type: 'CONSENT_RECORDED', entityId: customerId, version: revision, data };
}

/** What is told of a threshold that a figure has crossed; the threshold stays as it is. */
export function thresholdReaching(threshold: ThresholdModel, figure: number, customerId: string | null): NewChange {
  const { id, metric, comparison, value, version } = threshold;
  const crossed = { thresholdId: id, metric, comparison, threshold: value, value: figure, customerId };
  const data = toChangeData({ ...crossed, reachedAt: new Date() });
  return { type: 'ANALYTICS_THRESHOLD_REACHED', op: 'ACK', entityId: id, version, data };
}

/** What a change tells of a threshold. */
export function thresholdChange(threshold: ThresholdModel): NewChange {
  const { id, metric, comparison, value, createdAt, updatedAt, version } = threshold;
  const data = toChangeData({ id, metric, comparison, value, createdAt, updatedAt, version });
  return { type: 'THRESHOLD_SET', entityId: id, version, data };
}
