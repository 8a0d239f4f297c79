import type DataLoader from 'dataloader';
import type { ActivitySummary, QueryActivitySummaryArgs, Resolvers } from '../../generated/graphql/users.ts';
import { countOf, createDayLoader, type DayFigure } from '../../kernel/data/day-figures.ts';
import { readTimeRange } from '../../kernel/data/time-range.ts';
import { grants } from '../../kernel/permissions/permission.ts';
import { refusalFor } from '../../kernel/permissions/refusal.ts';
import { isEntityId } from '../../kernel/tenancy/ids.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { UsersContext } from './loaders.ts';
import { countSessionsByType, countUseByDay, countUsersIn, type SessionScope } from './store/metrics.ts';

const sumOf = (counts: readonly { readonly count: number }[]) => counts.reduce((sum, { count }) => sum + count, 0);

async function countSessions(context: UsersContext, scope: SessionScope): Promise<ActivitySummary> {
  const counts = await context.database.read(context, (tx) => countSessionsByType(tx, scope));
  const apps = [...Map.groupBy(counts, ({ app }) => app)].map(([app, ofApp]) => ({
    app,
    total: sumOf(ofApp),
    sessionTypes: ofApp.map(({ sessionType, count }) => ({ sessionType, count })),
  }));
  return { total: sumOf(counts), apps };
}

/**
 * Whose sessions a principal is told the number of: of the user it asks for, of its own, or of all (undefined). Throws
 * `FORBIDDEN` where it may not know.
 */
function userToSummarise({ permissions, userId: own }: Principal, asked: string | undefined): string | undefined {
  if (grants(permissions, 'read:sessions')) return asked;
  if (asked === undefined && grants(permissions, 'read:metrics')) return undefined;
  const isOwn = own !== undefined && (asked === undefined || asked === own);
  if (isOwn && grants(permissions, 'read:own-users')) return own;
  throw refusalFor('read:sessions');
}

/** How many sessions were opened, of one user or of the tenant. Throws `FORBIDDEN` for users whom the sender may not see. */
export async function summariseActivity(
  context: UsersContext,
  { userId, from, to }: QueryActivitySummaryArgs,
): Promise<ActivitySummary> {
  const user = userToSummarise(context.principal, userId ?? undefined);
  // What has not the form of an id is the id of nobody, and may hold what Postgres refuses to read.
  const counted = user === undefined || isEntityId(user) ? user : '';
  return await countSessions(context, { userId: counted, from: from ?? undefined, to: to ?? undefined });
}

/** Loads what this app counts of days, by the ids of these. */
export const createUseLoader = (context: Omit<UsersContext, 'loaders'>): DataLoader<string, readonly DayFigure[]> =>
  createDayLoader((range) => context.database.read(context, (tx) => countUseByDay(tx, range)));

const countOfDay =
  (figure: string) =>
  async ({ id }: { readonly id: string }, _args: object, { loaders }: UsersContext): Promise<number> =>
    countOf(await loaders.useOfDay.load(id), figure);

/** What this app adds to the metrics of the tenant. */
export const metricsResolvers = {
  Metrics: {
    __resolveReference: ({ id }) => readTimeRange(id) ?? null,
    users: (range, _, context: UsersContext) => context.database.read(context, (tx) => countUsersIn(tx, range)),
    sessions: ({ from, to }, _, context: UsersContext) => countSessions(context, { from, to }),
  },
  MetricsDay: {
    __resolveReference: ({ id }) => ({ id }),
    usersCreated: countOfDay('usersCreated'),
    activeUsers: countOfDay('activeUsers'),
    sessionsOpened: countOfDay('sessionsOpened'),
  },
} satisfies Resolvers;
