import { Prisma } from '../../../generated/prisma/users/client.ts';
import type { DayFigure } from '../../../kernel/data/day-figures.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { UsersTransaction } from '../store.ts';

/** Which sessions to count. */
export interface SessionScope {
  readonly userId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** How many sessions of a type were opened in an app. */
export interface SessionCount {
  readonly app: string;
  readonly sessionType: string;
  readonly count: number;
}

/** By app and type; of the types that an app has now, also those without a session. */
export function countSessionsByType(
  tx: UsersTransaction,
  { userId = null, from = null, to = null }: { [Name in keyof SessionScope]?: SessionScope[Name] | null },
): Promise<SessionCount[]> {
  return tx.rows(Prisma.sql`
    WITH known AS (
      SELECT id AS app, unnest(session_types) AS type FROM client_apps WHERE tenant_id = ${tx.tenantId}
    ), counted AS (
      SELECT app_id AS app, session_type AS type, count(*)::int AS count FROM sessions
      WHERE tenant_id = ${tx.tenantId} AND (${userId}::text IS NULL OR user_id = ${userId})
        AND (${from}::timestamptz IS NULL OR started_at >= ${from}) AND (${to}::timestamptz IS NULL OR started_at < ${to})
      GROUP BY 1, 2
    )
    SELECT app, type AS "sessionType", coalesce(count, 0) AS count FROM known FULL JOIN counted USING (app, type)
    ORDER BY app, type`);
}

/** Figures of user accounts: now, and over a range. */
export interface UserCounts {
  readonly total: number;
  readonly created: number;
  readonly active: number;
}

export async function countUsersIn(tx: UsersTransaction, { from, to }: TimeRange): Promise<UserCounts> {
  const [counts] = await tx.rows<UserCounts>(Prisma.sql`
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE created_at >= ${from} AND created_at < ${to})::int AS created,
      (SELECT count(DISTINCT user_id)::int FROM sessions
       WHERE tenant_id = ${tx.tenantId} AND started_at >= ${from} AND started_at < ${to}) AS active
    FROM users WHERE tenant_id = ${tx.tenantId}`);
  return counts ?? { total: 0, created: 0, active: 0 };
}

/** The days are those of the range's time zone, which Postgres works out. */
export function countUseByDay(tx: UsersTransaction, { from, to, timeZone }: TimeRange): Promise<DayFigure[]> {
  return tx.rows(Prisma.sql`
    SELECT 'usersCreated' AS figure, (created_at AT TIME ZONE ${timeZone})::date::text AS day, count(*)::int AS value
    FROM users WHERE tenant_id = ${tx.tenantId} AND created_at >= ${from} AND created_at < ${to} GROUP BY 2
    UNION ALL
    SELECT figure, day, value FROM (
      SELECT (started_at AT TIME ZONE ${timeZone})::date::text AS day, count(*)::int AS opened,
        count(DISTINCT user_id)::int AS active
      FROM sessions WHERE tenant_id = ${tx.tenantId} AND started_at >= ${from} AND started_at < ${to} GROUP BY 1
    ) AS use CROSS JOIN LATERAL (VALUES ('sessionsOpened', opened), ('activeUsers', active)) AS one (figure, value)`);
}
