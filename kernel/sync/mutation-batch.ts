import { type AuditRecord, insertAuditRecords } from '../audit/audit-record.ts';
import type { MutationBatch } from '../audit/mutation-run.ts';
import type { UnplacedChange } from '../changes/insert-changes.ts';
import { isTransientConflict } from '../data/database-errors.ts';
import type { PrismaClientLike, SqlStatement, TenantTransaction } from '../data/tenant-database.ts';
import { gatherWork } from '../data/together.ts';

/** Thrown where a mutation came to nothing after it had begun to write, and the transaction cannot go on from there. */
export class StartOver extends Error {}

/** The place of one mutation in the transaction of a push. */
export interface BatchPlace<Client extends PrismaClientLike> extends MutationBatch<Client> {
  /** What the mutation has changed so far. */
  readonly changes: readonly UnplacedChange[];
}

/** The transaction of a push, and the records of its mutations. */
export interface PushBatch<Client extends PrismaClientLike> {
  /** Where the mutations run. */
  readonly tx: TenantTransaction<Client>;
  /** Makes the place of the next mutation. */
  next(): BatchPlace<Client>;
  /** The statement that writes the records of all mutations. */
  insertRecords(): SqlStatement;
}

const savepoint = 'pushed_mutation';

/**
 * Makes a batch. Most pushes are done as they come, so the first attempt runs mutations side by side and without savepoints,
 * and `StartOver` asks for another that goes step by step.
 *
 * @param isCareful Whether to undo by itself what a mutation that came to nothing has written.
 */
export function createPushBatch<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  isCareful: boolean,
): PushBatch<Client> {
  const places: AuditRecord[][] = [];
  const gathered = isCareful ? tx : gatherWork(tx);
  const send = (text: string) => tx.rows({ text, values: [] });

  function next(): BatchPlace<Client> {
    const records: AuditRecord[] = [];
    const changes: UnplacedChange[] = [];
    places.push(records);
    return {
      changes,
      async write(work) {
        if (isCareful) await send(`SAVEPOINT ${savepoint}`);
        try {
          const written = await work(gathered);
          changes.push(...written.changes);
          records.push(written.record);
          return written.done;
        } catch (cause) {
          // What another transaction stood in the way of may well succeed as it is.
          if (!isCareful && isTransientConflict(cause)) throw cause;
          if (!isCareful) throw new StartOver('A pushed mutation has to be undone.', { cause });
          await send(`ROLLBACK TO SAVEPOINT ${savepoint}`);
          throw cause;
        }
      },
      record: (record) => void records.push(record),
    };
  }

  return {
    tx: gathered,
    next,
    insertRecords: () => insertAuditRecords(places.flat()),
  };
}
