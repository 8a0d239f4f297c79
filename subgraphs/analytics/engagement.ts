import type { EngagementLevel } from '../../generated/graphql/analytics.ts';

/** A level of engagement and what a customer must exceed to be on it, the highest first; all others are LOW. */
export const engagementFloors = [
  { level: 'HIGH', score: 80, sessions: 20 },
  { level: 'MEDIUM', score: 50, sessions: 10 },
] as const;

/** What is counted of a customer's behavior. */
export interface BehaviorCounts {
  readonly behaviorScore: number;
  readonly sessionCount: number;
  readonly eventCount: number;
  readonly lastActivity: Date | null;
}

/** How engaged a customer is, by score and number of sessions. */
export function engagementLevelOf({
  behaviorScore,
  sessionCount,
}: Pick<BehaviorCounts, 'behaviorScore' | 'sessionCount'>): EngagementLevel {
  const floor = engagementFloors.find(({ score, sessions }) => behaviorScore > score && sessionCount > sessions);
  return floor?.level ?? 'LOW';
}

/** The share of what a score lacks to 100 that one event adds. */
const eventWeight = { session: 0.05, other: 0.01 } as const;

const sessionStart = /(^|_)SESSION_(STARTED|CREATED)$/;

/** What is known of a customer after one more event: the rule that the schema describes at `trackEvent`. */
export function behaviorAfter(
  before: BehaviorCounts,
  event: { readonly type: string; readonly occurredAt: Date },
): BehaviorCounts {
  const isSession = sessionStart.test(event.type.toUpperCase().replaceAll('.', '_'));
  const gain = (100 - before.behaviorScore) * (isSession ? eventWeight.session : eventWeight.other);
  const { lastActivity } = before;
  return {
    behaviorScore: Math.min(100, Math.round((before.behaviorScore + gain) * 100) / 100),
    sessionCount: before.sessionCount + (isSession ? 1 : 0),
    eventCount: before.eventCount + 1,
    lastActivity: lastActivity && lastActivity > event.occurredAt ? lastActivity : event.occurredAt,
  };
}
