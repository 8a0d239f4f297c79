import { Prisma } from '../../../generated/prisma/users/client.ts';
import type { UsersTransaction } from '../store.ts';

/** Removes a user who has no session and no role. Gives false where there is none, or it is in use. */
export async function removeUnusedUser(tx: UsersTransaction, id: string): Promise<boolean> {
  const rows = await tx.rows(Prisma.sql`
    DELETE FROM users u WHERE u.tenant_id = ${tx.tenantId} AND u.id = ${id}
      AND NOT EXISTS (SELECT FROM sessions s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id)
      AND NOT EXISTS (SELECT FROM role_assignments a WHERE a.tenant_id = u.tenant_id AND a.user_id = u.id)
    RETURNING u.id`);
  return rows.length > 0;
}
