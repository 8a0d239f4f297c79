import { type DemoPerson, type DemoTenant, pick } from '../../kernel/subgraph/demo-tenant.ts';
import { dayMillis, startOfDay } from './day.ts';
import { insertMissingConsents } from './store/consents.ts';
import { type AnalyticsRows, type AnalyticsTransaction, insertMissing } from './store.ts';

/** The end of the demo data's time, and how far back before it events were tracked. */
const demoEnd = Date.parse('2026-11-01T00:00:00Z');
const demoMillis = 90 * dayMillis;

/** What people do with an account, and what also those do who have never logged in; each with the app it is done in. */
const memberEvents = [
  ['SESSION_STARTED', 'crm-web'],
  ['DOCUMENT_OPENED', 'business-dashboard'],
  ['DEAL_VIEWED', 'crm-web'],
  ['REPORT_EXPORTED', 'business-dashboard'],
  ['VOICE_COMMAND_GIVEN', 'voice-agent'],
] as const;
const visitorEvents = [
  ['EMAIL_OPENED', 'inbox-ai'],
  ['PAGE_VIEWED', 'flow-web'],
  ['FORM_SUBMITTED', 'flow-web'],
] as const;

const demoThresholds = [
  { metric: 'behaviorScore', comparison: 'BELOW', value: 30 },
  { metric: 'events.SESSION_STARTED', comparison: 'BELOW', value: 5 },
  { metric: 'sessionCount', comparison: 'ABOVE', value: 50 },
];

/** The figures of the first two people, whom examples and tests ask for. */
const fixedScores = new Map([
  [1, { behaviorScore: 82, sessionCount: 34 }],
  [2, { behaviorScore: 41, sessionCount: 6 }],
]);

/** When customers were asked for their consents, and how many agreed to each purpose. */
const asked = new Date(demoEnd - demoMillis);
const consentShares = { ANALYTICS: 0.96, PERSONALISATION: 0.92, MARKETING: 0.6 } as const;

/** What a person said; of some it is not known. The first two people have agreed to all. */
function makeConsents(person: DemoPerson) {
  const random = person.random('consents');
  const purposes = Object.keys(consentShares) as (keyof typeof consentShares)[];
  return purposes.flatMap((purpose) => {
    const [isKnown, granted] = [random() < 0.98, random() < consentShares[purpose]];
    const isSure = person.number <= 2;
    const consent = { customerId: person.id, purpose, granted: granted || isSure, recordedAt: asked };
    return isKnown || isSure ? [consent] : [];
  });
}

const between = (low: number, high: number, random: () => number) => low + random() * (high - low);
const twoDecimals = (value: number) => Math.round(value * 100) / 100;

/** Where the figures of the others lie: a third of the people on each level; who never logged in is on the lowest. */
const ranges = {
  HIGH: { score: [80.5, 99], sessions: [21, 60] },
  MEDIUM: { score: [51, 80], sessions: [11, 40] },
  LOW: { score: [2, 50], sessions: [0, 10] },
} as const;

function makeScores({ number, lastLogin }: DemoPerson, random: () => number) {
  const { score, sessions } = ranges[lastLogin ? pick(['HIGH', 'MEDIUM', 'LOW'] as const, random) : 'LOW'];
  const made = {
    behaviorScore: twoDecimals(between(score[0], score[1], random)),
    sessionCount: Math.floor(between(sessions[0], sessions[1], random)),
  };
  return fixedScores.get(number) ?? made;
}

function makeEvents(person: DemoPerson, random: () => number) {
  const kinds = person.lastLogin ? [...memberEvents, ...visitorEvents] : visitorEvents;
  return Array.from({ length: 5 + Math.floor(random() * 16) }, (_, index) => {
    const [type, app] = pick(kinds, random);
    const occurredAt = new Date(demoEnd - 1 - Math.floor(random() * demoMillis));
    const id = `evt_${person.id.slice('cus_'.length)}_${String(index + 1).padStart(2, '0')}`;
    return { id, customerId: person.id, type, app, occurredAt, recordedAt: occurredAt };
  });
}

function makePersonRows(person: DemoPerson) {
  const random = person.random('analytics');
  const scores = makeScores(person, random);
  const events = makeEvents(person, random);
  const latest = Math.max(...events.map(({ occurredAt }) => occurredAt.getTime()));
  const behavior = {
    ...scores,
    customerId: person.id,
    // The events of the last 90 days are kept one by one; the older ones only counted.
    eventCount: events.length + scores.sessionCount * (2 + Math.floor(random() * 4)),
    lastActivity: new Date(latest),
    preferences: { language: random() < 0.5 ? 'da' : 'en', newsletter: random() < 0.6 },
    updatedAt: new Date(latest),
  };
  return { events, behavior };
}

/** The metrics that tracking the events would have counted. */
function countDays(events: AnalyticsRows['events']): AnalyticsRows['metrics'] {
  const days = Map.groupBy(
    events,
    ({ type, occurredAt }) => `events.${type}|${startOfDay(new Date(occurredAt)).toISOString()}`,
  );
  return [...days].map(([key, { length }]) => {
    const [name = '', day = ''] = key.split('|');
    return { name, day: new Date(day), value: length };
  });
}

/** Writes the demo data of one tenant, where they are not there yet. */
export async function insertDemo(tx: AnalyticsTransaction, { id, people }: DemoTenant): Promise<void> {
  const rows = people.map(makePersonRows);
  const events = rows.flatMap((row) => row.events);
  const setAt = new Date(demoEnd - demoMillis);
  await insertMissingConsents(tx, people.flatMap(makeConsents));
  await insertMissing(tx, {
    events,
    behavior: rows.map(({ behavior }) => behavior),
    metrics: countDays(events),
    thresholds: demoThresholds.map((threshold, index) => ({
      ...threshold,
      id: `thr_${id}_${index + 1}`,
      createdAt: setAt,
      updatedAt: setAt,
    })),
  });
}
