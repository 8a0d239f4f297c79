import { notFound, staleVersion } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done } from '../../kernel/subgraph/input.ts';
import { lockRows } from './store/rows.ts';
import type { CrmTransaction } from './store.ts';

/** A kind of record: where it is kept, how it is found, and what it is called in a message. */
export interface RecordKind<Row> {
  readonly table: Parameters<typeof lockRows>[1];
  readonly findById: (tx: CrmTransaction, ids: readonly string[]) => Promise<Row[]>;
  readonly noun: string;
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
  await lockRows(tx, kind.table, [id]);
  const [row] = await kind.findById(tx, [id]);
  if (!row) return notFound('id', kind.noun);
  const refusal = kind.refuse?.(row);
  if (refusal) return refusal;
  if (baseVersion != null && baseVersion !== row.version) return staleVersion(row.version);
  return done(row);
}
