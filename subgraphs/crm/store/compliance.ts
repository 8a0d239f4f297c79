import { Prisma } from '../../../generated/prisma/crm/client.ts';
import type { CrmTransaction } from '../store.ts';

/** By which column activities are about the records of a table. */
const subjectColumns = { contacts: Prisma.raw('contact_id'), leads: Prisma.raw('entity_id') } as const;

/**
 * The people of whom nothing has been heard since an instant: neither was their record changed, nor is there an activity
 * about them that was made or due after it. The longest silent first.
 */
export async function findForgotten(
  tx: CrmTransaction,
  table: keyof typeof subjectColumns,
  since: Date,
  limit: number,
): Promise<string[]> {
  const rows = await tx.rows<{ readonly id: string }>(Prisma.sql`
    SELECT id FROM ${Prisma.raw(table)} r WHERE tenant_id = ${tx.tenantId} AND updated_at < ${since}
      AND NOT EXISTS (SELECT FROM activities a WHERE a.tenant_id = r.tenant_id AND ${subjectColumns[table]} = r.id
        AND greatest(a.created_at, a.due_at) >= ${since})
    ORDER BY updated_at, id LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}
