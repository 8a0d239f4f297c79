import { Prisma } from '../../../generated/prisma/users/client.ts';
import type { UsersTransaction } from '../store.ts';

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

/** The users who last logged in before an instant, and those made before it who never did; the longest absent first. */
export async function findAbsentUsers(tx: UsersTransaction, before: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM (
      (SELECT id, last_login AS since FROM users WHERE tenant_id = ${tx.tenantId} AND last_login < ${before}
        ORDER BY last_login, id LIMIT ${limit})
      UNION ALL
      (SELECT id, created_at AS since FROM users
        WHERE tenant_id = ${tx.tenantId} AND last_login IS NULL AND created_at < ${before}
        ORDER BY created_at, id LIMIT ${limit})
    ) AS absent ORDER BY since, id LIMIT ${limit}`);
  return idsOf(rows);
}

/** Keys that are accepted at an instant: neither taken back nor over. */
const usable = (tx: UsersTransaction, at: Date) => Prisma.sql`
  tenant_id = ${tx.tenantId} AND (revoked_at IS NULL OR revoked_at > ${at}) AND (expires_at IS NULL OR expires_at > ${at})
  AND created_at <= ${at}`;

export async function findEndlessKeys(tx: UsersTransaction, at: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM api_keys WHERE ${usable(tx, at)} AND expires_at IS NULL ORDER BY created_at, id LIMIT ${limit}`);
  return idsOf(rows);
}

/** The keys that are accepted at an instant and were made before another one, the oldest first. */
export async function findKeysMadeBefore(
  tx: UsersTransaction,
  at: Date,
  before: Date,
  limit: number,
): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM api_keys WHERE ${usable(tx, at)} AND created_at < ${before} ORDER BY created_at, id LIMIT ${limit}`);
  return idsOf(rows);
}

/** The roles that allow everything, of which somebody or some key has one. */
export async function findGrantedAllRoles(tx: UsersTransaction, at: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM roles r WHERE tenant_id = ${tx.tenantId} AND '*' = ANY (permissions)
      AND EXISTS (SELECT FROM role_assignments a WHERE a.tenant_id = r.tenant_id AND role_id = r.id
        AND (valid_until IS NULL OR valid_until > ${at}))
    ORDER BY created_at, id LIMIT ${limit}`);
  return idsOf(rows);
}

/** The keys that allow everything by themselves. */
export async function findAllPowerfulKeys(tx: UsersTransaction, at: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM api_keys WHERE ${usable(tx, at)} AND '*' = ANY (permissions) ORDER BY created_at, id LIMIT ${limit}`);
  return idsOf(rows);
}
