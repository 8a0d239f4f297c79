import { dayIdOf, daysOf, type TimeRange } from '../../../kernel/data/time-range.ts';
import type { Row } from './render-report.ts';
import type { Ask } from './report-kinds.ts';

interface Activity {
  readonly activitySummary: {
    readonly apps: readonly {
      readonly app: string;
      readonly sessionTypes: readonly { readonly sessionType: string; readonly count: number }[];
    }[];
  };
}

/** How many sessions were opened, by app and session type. */
export async function* gatherActivity(ask: Ask, { from, to }: TimeRange): AsyncGenerator<readonly Row[]> {
  const { activitySummary } = await ask<Activity>(
    'users',
    `query ($from: DateTime, $to: DateTime) {
      activitySummary(from: $from, to: $to) { apps { app sessionTypes { sessionType count } } }
    }`,
    { from: from.toISOString(), to: to.toISOString() },
  );
  yield activitySummary.apps.flatMap(({ app, sessionTypes }) =>
    sessionTypes.map(({ sessionType, count }) => [app, sessionType, count]),
  );
}

/** Which figures of a day are in the report, and whose they are. */
const figures = {
  crm: ['leadsCreated', 'dealsWon', 'dealsLost', 'activitiesLogged'],
  users: ['usersCreated', 'activeUsers', 'sessionsOpened'],
  documents: ['documentsUploaded'],
  analytics: ['eventsTracked'],
  security: ['incidentsReported'],
} as const;

/** The day, what won deals of it are worth by currency (`DKK 900, EUR 350`), and the figures of each app. */
export const metricColumns: readonly string[] = ['day', 'revenue', ...Object.values(figures).flat()];

type DayFigures = Readonly<Record<string, number>> & {
  readonly revenue?: readonly { readonly currency: string; readonly amount: number }[];
};

async function askForDays(ask: Ask, app: string, fields: readonly string[], ids: readonly string[]) {
  const { days } = await ask<{ readonly days: readonly DayFigures[] }>(
    app,
    `query ($days: [_Any!]!) { days: _entities(representations: $days) { ... on MetricsDay { ${fields.join(' ')} } } }`,
    { days: ids.map((id) => ({ __typename: 'MetricsDay', id })) },
  );
  return days;
}

/** A row for each day of the range. */
export async function* gatherMetrics(ask: Ask, range: TimeRange): AsyncGenerator<readonly Row[]> {
  const days = daysOf(range);
  const ids = days.map((day) => dayIdOf(range, day));
  const merged: Record<string, unknown>[] = days.map(() => ({}));
  for (const [app, fields] of Object.entries(figures)) {
    const asked = app === 'crm' ? [...fields, 'revenue { currency amount }'] : fields;
    const ofApp = await askForDays(ask, app, asked, ids);
    for (const [index, day] of ofApp.entries()) Object.assign(merged[index] ?? {}, day);
  }
  yield days.map((day, index) => {
    const { revenue = [], ...counts } = merged[index] as DayFigures;
    const worth = revenue.map(({ currency, amount }) => `${currency} ${amount}`).join(', ');
    return [day, worth, ...metricColumns.slice(2).map((name) => counts[name] ?? null)];
  });
}
