import { Prisma } from '../../../generated/prisma/users/client.ts';
import type { UsersTransaction } from '../store.ts';

export interface RecipientRow {
  readonly userId: string;
  readonly email: string;
}

/** Which users; what is null sets no bound. */
export interface RecipientSelection {
  readonly permission: string | null;
  readonly userIds: readonly string[] | null;
  readonly after: string | null;
}

/** What grants a permission, as `grants` has it. */
function granting(permission: string): string[] {
  return [permission, `${permission.slice(0, permission.indexOf(':'))}:*`, '*'];
}

/** Users by their ids, those who hold the permission by a role that counts at this hour in some app. */
export function findRecipientRows(
  tx: UsersTransaction,
  { permission, userIds, after }: RecipientSelection,
  limit: number,
): Promise<RecipientRow[]> {
  const minute = Prisma.sql`(extract(hour FROM now() AT TIME ZONE 'UTC') * 60 + extract(minute FROM now()))`;
  const isHolder = Prisma.sql`EXISTS (
    SELECT FROM role_assignments a JOIN roles r ON r.tenant_id = a.tenant_id AND r.id = a.role_id
    WHERE a.tenant_id = u.tenant_id AND a.user_id = u.id AND r.permissions && ${granting(permission ?? '*')}::text[]
      AND (a.valid_until IS NULL OR a.valid_until > now())
      AND (r.hours_from IS NULL OR r.hours_to IS NULL
        OR CASE WHEN r.hours_from < r.hours_to THEN ${minute} >= r.hours_from AND ${minute} < r.hours_to
          ELSE ${minute} >= r.hours_from OR ${minute} < r.hours_to END))`;
  return tx.rows(Prisma.sql`
    SELECT u.id AS "userId", u.email FROM users u
    WHERE u.tenant_id = ${tx.tenantId} AND u.id > coalesce(${after}::text, '')
      AND (${userIds === null} OR u.id = ANY (${[...(userIds ?? [])]}::text[])) AND (${permission === null} OR ${isHolder})
    ORDER BY u.id LIMIT ${limit}`);
}
