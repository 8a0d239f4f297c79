import { z } from 'zod';
import type { SetThresholdInput, TrackEventInput, UpdatePreferencesInput } from '../../generated/graphql/analytics.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand, staleVersion } from '../../kernel/subgraph/command.ts';
import {
  baseVersion,
  type CommandResult,
  done,
  entityId,
  jsonObject,
  parseInput,
  refused,
} from '../../kernel/subgraph/input.ts';
import { behaviorChange, eventTracking, preferencesChange, thresholdChange } from './changes.ts';
import { announceCrossings } from './crossings.ts';
import { dayMillis, startOfDay } from './day.ts';
import { behaviorAfter } from './engagement.ts';
import type { AnalyticsContext } from './loaders.ts';
import {
  type CustomerModel,
  changeBehavior,
  changeThreshold,
  countUp,
  findThreshold,
  insertTrackedEvent,
  lockBehavior,
  putThreshold,
  type ThresholdModel,
  type TrackedEventModel,
} from './store.ts';

/** The name of an event type or a metric: words of letters, digits and `_`, with dots between them. */
function dottedName(max: number) {
  return z
    .string()
    .max(max, `Use at most ${max} characters.`)
    .regex(/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/, 'Use letters, digits and _, with dots between parts.');
}

/** Clocks differ, so a little of the future is accepted; much of it would keep `lastActivity` from ever moving on. */
function pastInstant() {
  return z
    .date()
    .refine((instant) => instant.getTime() >= 0, 'Nothing is tracked from before 1970.')
    .refine((instant) => instant.getTime() <= Date.now() + dayMillis, 'This is more than a day ahead.');
}

const trackEventInput = z.object({
  id: entityId().nullish(),
  customerId: entityId(),
  type: dottedName(64),
  app: entityId().nullish(),
  properties: jsonObject().nullish(),
  occurredAt: pastInstant().nullish(),
});

const updatePreferencesInput = z.object({
  customerId: entityId(),
  baseVersion: baseVersion().nullish(),
  preferences: jsonObject(),
});

const setThresholdInput = z.object({
  metric: dottedName(80),
  value: z.number(),
  comparison: z.enum(['ABOVE', 'BELOW']),
  baseVersion: baseVersion().nullish(),
});

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const eventConstraints = {
  tracked_events_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
} as const satisfies ConstraintMeanings;

/** Stores an event, and counts it into the customer's behavior and the day's metrics. */
export async function trackEvent(
  context: AnalyticsContext,
  input: TrackEventInput,
): Promise<CommandResult<TrackedEventModel>> {
  const parsed = parseInput(trackEventInput, input);
  if (!parsed.ok) return parsed;
  const { id, customerId, type, properties } = parsed.value;
  const event = {
    id: id ?? newEntityId(),
    customerId,
    type,
    app: parsed.value.app ?? context.principal.app,
    occurredAt: parsed.value.occurredAt ?? new Date(),
    ...(properties && { properties }),
  };
  return runCommand(context, eventConstraints, async (tx, publish) => {
    const stored = await insertTrackedEvent(tx, event);
    const before = await lockBehavior(tx, customerId);
    const behavior = await changeBehavior(tx, customerId, behaviorAfter(before, event));
    const counted = await countUp(tx, `events.${type}`, startOfDay(event.occurredAt));
    publish(eventTracking(stored));
    publish(behaviorChange(behavior));
    const { behaviorScore, sessionCount } = behavior;
    await announceCrossings(tx, publish, [
      { metric: 'behaviorScore', customerId, before: before.behaviorScore, after: behaviorScore },
      { metric: 'sessionCount', customerId, before: before.sessionCount, after: sessionCount },
      { metric: `events.${type}`, customerId: null, before: counted - 1, after: counted },
    ]);
    return done(stored);
  });
}

/** Keeps the preferences of a customer. */
export async function updatePreferences(
  context: AnalyticsContext,
  input: UpdatePreferencesInput,
): Promise<CommandResult<CustomerModel>> {
  const parsed = parseInput(updatePreferencesInput, input);
  if (!parsed.ok) return parsed;
  const { customerId, baseVersion, preferences } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const { version } = await lockBehavior(tx, customerId);
    if (baseVersion != null && baseVersion !== version) return staleVersion(version);
    publish(preferencesChange(await changeBehavior(tx, customerId, { preferences, version: version + 1 })));
    return done({ id: customerId });
  });
}

/** Sets the threshold of a metric for one comparison. */
export async function setThreshold(
  context: AnalyticsContext,
  input: SetThresholdInput,
): Promise<CommandResult<ThresholdModel>> {
  const parsed = parseInput(setThresholdInput, input);
  if (!parsed.ok) return parsed;
  const { metric, comparison, value, baseVersion } = parsed.value;
  const key = { metric, comparison };
  return runCommand(context, {}, async (tx, publish) => {
    const threshold =
      baseVersion == null
        ? await putThreshold(tx, newEntityId(), key, value)
        : await changeThreshold(tx, key, baseVersion, value);
    if (threshold) {
      publish(thresholdChange(threshold));
      return done(threshold);
    }
    const current = await findThreshold(tx, key);
    return current
      ? staleVersion(current.version)
      : refused('NOT_FOUND', 'metric', 'There is no threshold for this metric and comparison.');
  });
}
