import { Prisma, type Role, type RoleAssignment } from '../../../generated/prisma/users/client.ts';
import { columnsOf } from '../../../kernel/data/columns.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { UsersTransaction } from '../store.ts';

/** A role as it was given to someone: what it permits, and when it counts. */
export type GrantedRole = Pick<Role, 'name' | 'permissions' | 'apps' | 'hoursFrom' | 'hoursTo'> & {
  readonly validUntil: Date | null;
};

/** Who holds a role: a user or an API key. */
export type Holder =
  | { readonly userId: string; readonly keyId?: never }
  | { readonly keyId: string; readonly userId?: never };

const grantedColumns = Prisma.raw(
  'role.name, role.permissions, role.apps, role.hours_from AS "hoursFrom", role.hours_to AS "hoursTo"',
);

const assignmentColumns = Prisma.raw(columnsOf(Object.values(Prisma.RoleAssignmentScalarFieldEnum)));

/** The roles that were given to a holder, at any time. */
export function findGrantedRoles(tx: UsersTransaction, { userId, keyId }: Holder): Promise<GrantedRole[]> {
  const holder = userId === undefined ? Prisma.sql`key_id = ${keyId}` : Prisma.sql`user_id = ${userId}`;
  return tx.rows(Prisma.sql`
    SELECT ${grantedColumns}, assignment.valid_until AS "validUntil"
    FROM role_assignments AS assignment
    JOIN roles AS role ON role.tenant_id = assignment.tenant_id AND role.id = assignment.role_id
    WHERE assignment.tenant_id = ${tx.tenantId} AND ${holder}
    ORDER BY role.name`);
}

export async function findRolesByName(tx: UsersTransaction, names: readonly string[]): Promise<Role[]> {
  if (names.length === 0) return [];
  return tx.client.role.findMany({
    where: { tenantId: tx.tenantId, name: { in: [...names] } },
    orderBy: { name: 'asc' },
  });
}

export function findRoles(tx: UsersTransaction, page: PageQuery): Promise<Role[]> {
  const where = { AND: [{ tenantId: tx.tenantId }, page.where] };
  return tx.client.role.findMany({ where, orderBy: page.orderBy, take: page.take });
}

export function countRoles(tx: UsersTransaction): Promise<number> {
  return tx.client.role.count({ where: { tenantId: tx.tenantId } });
}

export function findRolesById(tx: UsersTransaction, ids: readonly string[]): Promise<Role[]> {
  return tx.client.role.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } } });
}

export type NewRole = Omit<Prisma.RoleUncheckedCreateInput, 'tenantId'>;

export function insertRole(tx: UsersTransaction, role: NewRole): Promise<Role> {
  return tx.client.role.create({ data: { ...role, tenantId: tx.tenantId } });
}

export type RoleChange = Omit<Prisma.RoleUncheckedUpdateManyInput, 'tenantId' | 'id' | 'version'>;

/** Changes a role that still has a version, and counts that up; null when it has another one by now. */
export async function changeRole(
  tx: UsersTransaction,
  { id, version }: Pick<Role, 'id' | 'version'>,
  change: RoleChange,
): Promise<Role | null> {
  const [role] = await tx.client.role.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, version },
    data: { ...change, updatedAt: new Date(), version: { increment: 1 } },
  });
  return role ?? null;
}

/**
 * Deletes a role that still has a version, with its assignments, and gives those as they were; null when it has another
 * version by now. The role is locked first, so that nobody is given it in between.
 */
export async function deleteRoleRow(
  tx: UsersTransaction,
  { id, version }: Pick<Role, 'id' | 'version'>,
): Promise<RoleAssignment[] | null> {
  const where = Prisma.sql`tenant_id = ${tx.tenantId} AND id = ${id} AND version = ${version}`;
  const locked = await tx.rows(Prisma.sql`SELECT id FROM roles WHERE ${where} FOR UPDATE`);
  if (locked.length === 0) return null;
  const assignments = await tx.rows<RoleAssignment>(Prisma.sql`
    DELETE FROM role_assignments WHERE tenant_id = ${tx.tenantId} AND role_id = ${id} RETURNING ${assignmentColumns}`);
  await tx.client.role.deleteMany({ where: { tenantId: tx.tenantId, id } });
  return assignments;
}

/** The assignments of some users or keys, by role. */
export function findAssignmentsOf(
  tx: UsersTransaction,
  holder: 'userId' | 'keyId',
  ids: readonly string[],
): Promise<RoleAssignment[]> {
  return tx.client.roleAssignment.findMany({
    where: { tenantId: tx.tenantId, [holder]: { in: [...ids] } },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
}

/** The latest assignments of each of some roles, with two statements, however many roles. */
export async function findLatestAssignments(
  tx: UsersTransaction,
  roleIds: readonly string[],
  limit: number,
): Promise<RoleAssignment[]> {
  const latest = await tx.client.$queryRaw<{ id: string }[]>`
    SELECT latest.id
    FROM unnest(${roleIds}::text[]) AS role (id)
    CROSS JOIN LATERAL (
      SELECT id FROM role_assignments
      WHERE tenant_id = ${tx.tenantId} AND role_id = role.id
      ORDER BY created_at DESC, id DESC
      LIMIT ${limit}
    ) AS latest`;
  return tx.client.roleAssignment.findMany({
    where: { tenantId: tx.tenantId, id: { in: latest.map(({ id }) => id) } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
}

export type NewRoleAssignment = Omit<Prisma.RoleAssignmentUncheckedCreateInput, 'tenantId'>;

export function insertRoleAssignment(tx: UsersTransaction, assignment: NewRoleAssignment): Promise<RoleAssignment> {
  return tx.client.roleAssignment.create({ data: { ...assignment, tenantId: tx.tenantId } });
}

export async function insertRoleAssignments(
  tx: UsersTransaction,
  assignments: readonly NewRoleAssignment[],
): Promise<RoleAssignment[]> {
  if (assignments.length === 0) return [];
  const data = assignments.map((one) => ({ ...one, tenantId: tx.tenantId }));
  return tx.client.roleAssignment.createManyAndReturn({ data });
}

/** Gives an assignment that is there another end; null when there is none. */
export async function changeAssignment(
  tx: UsersTransaction,
  roleId: string,
  holder: Holder,
  validUntil: Date | null,
): Promise<RoleAssignment | null> {
  const [assignment] = await tx.client.roleAssignment.updateManyAndReturn({
    where: { tenantId: tx.tenantId, roleId, ...holder },
    data: { validUntil, version: { increment: 1 } },
  });
  return assignment ?? null;
}

/** Deletes an assignment, and gives it as it was; null when there is none. */
export async function deleteAssignment(
  tx: UsersTransaction,
  roleId: string,
  { userId, keyId }: Holder,
): Promise<RoleAssignment | null> {
  const holder = userId === undefined ? Prisma.sql`key_id = ${keyId}` : Prisma.sql`user_id = ${userId}`;
  const [assignment] = await tx.rows<RoleAssignment>(Prisma.sql`
    DELETE FROM role_assignments WHERE tenant_id = ${tx.tenantId} AND role_id = ${roleId} AND ${holder}
    RETURNING ${assignmentColumns}`);
  return assignment ?? null;
}
