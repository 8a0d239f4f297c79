import { notFound, staleVersion } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done } from '../../kernel/subgraph/input.ts';
import { lockRow } from './store/rows.ts';
import type { CrmTransaction } from './store.ts';

/** A kind of record: where it is kept, and what it is called in a message. */
export interface RecordKind<Row> {
  readonly table: Parameters<typeof lockRow>[1];
  readonly noun: string;
  /** Leaves out what the sender may not know of. */
  readonly seen?: (tx: CrmTransaction, rows: Row[]) => Promise<Row[]>;
  /** The refusal to change a record because of what is in it. */
  readonly refuse?: (row: Row) => CommandResult<never> | undefined;
}

interface Target {
  readonly id: string;
  readonly baseVersion?: number | null | undefined;
}

/**
 * Reads the record that an input names and locks it until the end of the transaction, so that what is decided by its
 * present state still holds when it is written. Refuses with `NOT_FOUND`, `CONFLICT` for a stale version, or
 * as the kind of record says.
 */
export async function readToChange<Row extends { readonly version: number }>(
  tx: CrmTransaction,
  kind: RecordKind<Row>,
  { id, baseVersion }: Target,
): Promise<CommandResult<Row>> {
  const found = await lockRow<Row>(tx, kind.table, id);
  const [row] = found && kind.seen ? await kind.seen(tx, [found]) : [found];
  if (!row) return notFound('id', kind.noun);
  const refusal = kind.refuse?.(row);
  if (refusal) return refusal;
  if (baseVersion != null && baseVersion !== row.version) return staleVersion(row.version);
  return done(row);
}
