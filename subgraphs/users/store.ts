import {
  type ApiKey,
  type ClientApp,
  Prisma,
  type PrismaClient,
  type Role,
  type RoleAssignment,
  type Session,
  type Tenant,
  type User,
} from '../../generated/prisma/users/client.ts';
import { columnsOf } from '../../kernel/data/columns.ts';
import { containing } from '../../kernel/data/containing.ts';
import { missingRows } from '../../kernel/data/missing-rows.ts';
import type { Connection, PageQuery } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';
import type { TimeRange } from '../../kernel/data/time-range.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { CustomerNews } from './feeds.ts';
import type { NewApiKey } from './store/keys.ts';
import type { NewRole } from './store/roles.ts';

/** A transaction in which the rows of one tenant of this app can be reached. */
export type UsersTransaction = TenantTransaction<PrismaClient>;

// What resolvers of each type get as their parent.
export type TenantModel = Tenant;
export type ClientAppModel = ClientApp;
export type UserModel = User;
export type CustomerModel = User;
export type SessionModel = Session;
/** An API key without what it is known by: neither the key, which is not kept, nor its digest. */
export type ApiKeyModel = Omit<ApiKey, 'digest'>;
export type RoleModel = Role;
export type RoleAssignmentModel = RoleAssignment;
export type UserConnectionModel = Connection<User>;
export type CustomerConnectionModel = Connection<User>;
export type SessionConnectionModel = Connection<Session>;
export type ApiKeyConnectionModel = Connection<ApiKeyModel>;
export type RoleConnectionModel = Connection<Role>;
/** The sender of the request; its fields are read from the principal. */
export type ViewerModel = Principal;
export type CustomerChangeModel = CustomerNews;
export type MetricsModel = TimeRange;
export type MetricsDayModel = { readonly id: string };

const userColumns = Prisma.raw(columnsOf(Object.values(Prisma.UserScalarFieldEnum)));

/** Which users to find. */
export interface UserSelection {
  readonly search?: string | undefined;
  readonly emailKey?: string | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
  readonly hasLoggedIn?: boolean | undefined;
}

function whereUsers(tx: UsersTransaction, selection: UserSelection): Prisma.UserWhereInput {
  const { search, emailKey, createdFrom, createdTo, hasLoggedIn } = selection;
  return {
    tenantId: tx.tenantId,
    ...(search && { OR: [{ usernameKey: containing(search) }, { emailKey: containing(search) }] }),
    ...(emailKey !== undefined && { emailKey }),
    ...((createdFrom || createdTo) && {
      createdAt: { ...(createdFrom && { gte: createdFrom }), ...(createdTo && { lt: createdTo }) },
    }),
    ...(hasLoggedIn !== undefined && { lastLogin: hasLoggedIn ? { not: null } : null }),
  };
}

export function findUsers(tx: UsersTransaction, selection: UserSelection, page: PageQuery): Promise<User[]> {
  const where = { AND: [whereUsers(tx, selection), page.where] };
  return tx.client.user.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countUsers(tx: UsersTransaction, selection: UserSelection): Promise<number> {
  return tx.client.user.count({ where: whereUsers(tx, selection) });
}

export function findUsersById(tx: UsersTransaction, ids: readonly string[]): Promise<User[]> {
  return tx.rows(Prisma.sql`SELECT ${userColumns} FROM users WHERE tenant_id = ${tx.tenantId} AND id = ANY(${ids})`);
}

export function findUsersByEmail(tx: UsersTransaction, emailKeys: readonly string[]): Promise<User[]> {
  return tx.client.user.findMany({ where: { tenantId: tx.tenantId, emailKey: { in: [...emailKeys] } } });
}

export type NewUser = Omit<Prisma.UserUncheckedCreateInput, 'tenantId'>;

export function insertUser(tx: UsersTransaction, user: NewUser): Promise<User> {
  return tx.client.user.create({ data: { ...user, tenantId: tx.tenantId } });
}

export type UserChange = Omit<Prisma.UserUncheckedUpdateManyInput, 'tenantId' | 'id' | 'version'>;

/** Changes a user and counts its version up; null when there is none with this id (and this version, if one is given). */
export async function changeUser(
  tx: UsersTransaction,
  id: string,
  baseVersion: number | undefined,
  change: UserChange,
): Promise<User | null> {
  const [user] = await tx.client.user.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, ...(baseVersion !== undefined && { version: baseVersion }) },
    data: { ...change, updatedAt: new Date(), version: { increment: 1 } },
  });
  return user ?? null;
}

/** Notes when a user last logged in; null when there is no such user. A login is no change of the record's content. */
export async function noteLogin(tx: UsersTransaction, id: string, at: Date): Promise<User | null> {
  const [user] = await tx.client.user.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id },
    data: { lastLogin: at },
  });
  return user ?? null;
}

/** Which sessions to find. */
export interface SessionSelection {
  /** Only sessions of one of these users. */
  readonly owners?: readonly string[] | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
  readonly sessionType?: string | undefined;
  readonly isActive?: boolean | undefined;
}

function whereSessions(tx: UsersTransaction, selection: SessionSelection): Prisma.SessionWhereInput {
  const { owners, userId, appId, sessionType, isActive } = selection;
  return {
    tenantId: tx.tenantId,
    ...(owners && { AND: [{ userId: { in: [...owners] } }] }),
    ...(userId !== undefined && { userId }),
    ...(appId !== undefined && { appId }),
    ...(sessionType !== undefined && { sessionType }),
    ...(isActive !== undefined && { endedAt: isActive ? null : { not: null } }),
  };
}

export function findSessions(tx: UsersTransaction, selection: SessionSelection, page: PageQuery): Promise<Session[]> {
  const where = { AND: [whereSessions(tx, selection), page.where] };
  return tx.client.session.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countSessions(tx: UsersTransaction, selection: SessionSelection): Promise<number> {
  return tx.client.session.count({ where: whereSessions(tx, selection) });
}

export function findSessionsById(tx: UsersTransaction, ids: readonly string[]): Promise<Session[]> {
  return tx.client.session.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } } });
}

/** The latest sessions of each of some users, all or those of a type; with two statements, however many users. */
export async function findLatestSessions(
  tx: UsersTransaction,
  userIds: readonly string[],
  sessionType: string | null,
  limit: number,
): Promise<Session[]> {
  const latest = await tx.client.$queryRaw<{ id: string }[]>`
    SELECT latest.id
    FROM unnest(${userIds}::text[]) AS person (id)
    CROSS JOIN LATERAL (
      SELECT id FROM sessions
      WHERE tenant_id = ${tx.tenantId} AND user_id = person.id
        AND (${sessionType}::text IS NULL OR session_type = ${sessionType})
      ORDER BY started_at DESC, id DESC
      LIMIT ${limit}
    ) AS latest`;
  return tx.client.session.findMany({
    where: { tenantId: tx.tenantId, id: { in: latest.map(({ id }) => id) } },
    orderBy: [{ startedAt: 'desc' }, { id: 'desc' }],
  });
}

export type NewSession = Omit<Prisma.SessionUncheckedCreateInput, 'tenantId'>;

export function insertSession(tx: UsersTransaction, session: NewSession): Promise<Session> {
  return tx.client.session.create({ data: { ...session, tenantId: tx.tenantId } });
}

/** Notes the end of a session that still runs; null when there is none with this id. */
export async function noteSessionEnd(tx: UsersTransaction, id: string, endedAt: Date): Promise<Session | null> {
  const [session] = await tx.client.session.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, endedAt: null },
    data: { endedAt, version: { increment: 1 } },
  });
  return session ?? null;
}

export function findTenant(tx: UsersTransaction): Promise<Tenant | null> {
  return tx.client.tenant.findFirst({ where: { tenantId: tx.tenantId } });
}

export function findClientApps(tx: UsersTransaction): Promise<ClientApp[]> {
  return tx.client.clientApp.findMany({ where: { tenantId: tx.tenantId }, orderBy: { name: 'asc' } });
}

export function findClientAppsById(tx: UsersTransaction, ids: readonly string[]): Promise<ClientApp[]> {
  return tx.client.clientApp.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } } });
}

/** Rows of a tenant to write where they are not there yet. */
export interface UsersRows {
  readonly tenant: Omit<Prisma.TenantUncheckedCreateInput, 'tenantId'>;
  readonly apps: readonly Omit<Prisma.ClientAppUncheckedCreateInput, 'tenantId'>[];
  readonly keys: readonly NewApiKey[];
  readonly roles: readonly NewRole[];
  readonly users: readonly NewUser[];
  readonly sessions: readonly NewSession[];
}

/** Writes rows with a few statements; a row whose key is taken stays as it is. */
export async function insertMissing(tx: UsersTransaction, rows: UsersRows): Promise<void> {
  await tx.client.tenant.createMany(missingRows(tx, [rows.tenant]));
  await tx.client.clientApp.createMany(missingRows(tx, rows.apps));
  await tx.client.apiKey.createMany(missingRows(tx, rows.keys));
  await tx.client.role.createMany(missingRows(tx, rows.roles));
  await tx.client.user.createMany(missingRows(tx, rows.users));
  await tx.client.session.createMany(missingRows(tx, rows.sessions));
}
