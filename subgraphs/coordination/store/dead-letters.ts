import { type EventFailure, Prisma } from '../../../generated/prisma/coordination/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { CoordinationTransaction } from '../store.ts';

/** A failure that was given up. */
export type DeadLetterRow = EventFailure & { readonly deadAt: Date };

/** Which dead letters are meant. */
export interface DeadLetterSelection {
  /** All apps where it is left out. */
  readonly app?: string | undefined;
  readonly ids?: readonly string[] | undefined;
}

function whereDead({ tenantId }: CoordinationTransaction, { app, ids }: DeadLetterSelection) {
  return {
    tenantId,
    deadAt: { not: null },
    ...(app !== undefined && { app }),
    ...(ids && { id: { in: [...ids] } }),
  } satisfies Prisma.EventFailureWhereInput;
}

export async function findDeadLetters(
  tx: CoordinationTransaction,
  selection: DeadLetterSelection,
  page: PageQuery,
): Promise<DeadLetterRow[]> {
  const where = { AND: [whereDead(tx, selection), page.where] };
  const rows = await tx.client.eventFailure.findMany({ where, orderBy: page.orderBy, take: page.take });
  return rows.filter((row): row is DeadLetterRow => row.deadAt !== null);
}

export function countDeadLetters(tx: CoordinationTransaction, selection: DeadLetterSelection): Promise<number> {
  return tx.client.eventFailure.count({ where: whereDead(tx, selection) });
}

/** Has the app try these again, as if they had never been tried. Gives how many there were. */
export async function reviveDeadLetters(
  tx: CoordinationTransaction,
  { app, ids }: DeadLetterSelection & { readonly app: string },
): Promise<number> {
  const chosen = ids ? Prisma.sql`AND id = ANY(${ids})` : Prisma.empty;
  const revived = await tx.rows(Prisma.sql`
    UPDATE platform.event_failures SET attempts = 0, next_at = clock_timestamp(), dead_at = NULL
    WHERE tenant_id = ${tx.tenantId} AND app = ${app} AND dead_at IS NOT NULL ${chosen}
    RETURNING id`);
  return revived.length;
}
