import type { TenantScope } from '../tenancy/request-context.ts';

/** Arguments of Prisma's `createMany` that give rows to a tenant; a row whose key is taken stays as it is. */
export function missingRows<Row extends object>({ tenantId }: TenantScope, rows: readonly Row[]) {
  return { data: rows.map((row) => ({ ...row, tenantId })), skipDuplicates: true };
}
