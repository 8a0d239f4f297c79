import type { QueryCustomersArgs, QuerySessionsArgs, UserSessionsArgs } from '../../generated/graphql/users.ts';
import { type Connection, type Ordering, planPage, readListSize } from '../../kernel/data/page.ts';
import { normaliseEmail } from '../../kernel/subgraph/input.ts';
import type { UsersContext } from './loaders.ts';
import { ownersOfSessions } from './rules.ts';
import {
  type ClientAppModel,
  countSessions,
  countUsers,
  findClientApps,
  findSessions,
  findTenant,
  findUsers,
  type SessionModel,
  type TenantModel,
  type UserModel,
} from './store.ts';

const userOrderings = {
  USERNAME: { column: 'usernameKey', type: 'string' },
  EMAIL: { column: 'emailKey', type: 'string' },
  CREATED_AT: { column: 'createdAt', type: 'instant' },
  LAST_LOGIN: { column: 'lastLogin', type: 'instant', nullable: true },
} as const satisfies Record<string, Omit<Ordering, 'list' | 'direction'>>;

/** The users of the tenant, by username unless ordered otherwise. */
export async function listUsers(context: UsersContext, args: QueryCustomersArgs): Promise<Connection<UserModel>> {
  const { field, direction } = args.orderBy ?? { field: 'USERNAME', direction: 'ASC' };
  const page = planPage(context.cursors, args, { list: 'users.users', ...userOrderings[field], direction });
  const { email, createdFrom, createdTo, hasLoggedIn } = args.filter ?? {};
  const selection = {
    search: args.search?.trim().toLowerCase() || undefined,
    emailKey: email == null ? undefined : normaliseEmail(email),
    createdFrom: createdFrom ?? undefined,
    createdTo: createdTo ?? undefined,
    hasLoggedIn: hasLoggedIn ?? undefined,
  };
  const rows = await context.database.read(context, (tx) => findUsers(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countUsers(tx, selection)));
}

/** The sessions of the tenant, newest first unless ordered otherwise. */
export async function listSessions(context: UsersContext, args: QuerySessionsArgs): Promise<Connection<SessionModel>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const page = planPage(context.cursors, args, {
    list: 'users.sessions',
    column: 'startedAt',
    type: 'instant',
    direction,
  });
  const { userId, app, sessionType, isActive } = args.filter ?? {};
  const selection = {
    owners: ownersOfSessions(context.principal),
    userId: userId ?? undefined,
    appId: app ?? undefined,
    sessionType: sessionType ?? undefined,
    isActive: isActive ?? undefined,
  };
  const rows = await context.database.read(context, (tx) => findSessions(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countSessions(tx, selection)));
}

/** The latest sessions of one user. Throws `BAD_USER_INPUT` or `OPERATION_LIMIT_EXCEEDED`. */
export async function listLatestSessions(
  { loaders }: UsersContext,
  userId: string,
  { first, sessionType }: Partial<UserSessionsArgs>,
): Promise<SessionModel[]> {
  return [...(await loaders.latestSessions(readListSize(first), sessionType ?? null).load(userId))];
}

/** The tenant of the caller. */
export function getTenant(context: UsersContext): Promise<TenantModel | null> {
  return context.database.read(context, findTenant);
}

/** The client apps of the tenant, by name. */
export function listClientApps(context: UsersContext): Promise<ClientAppModel[]> {
  return context.database.read(context, findClientApps);
}
