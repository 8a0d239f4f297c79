import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';

/** How a transaction begins: whether it may write, and the `panorama.*` settings that the row policies read. */
export interface TransactionStart {
  readonly readOnly: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

interface Statement {
  readonly text: string;
  readonly name?: string | undefined;
}
type Send = (statement: Statement, ...rest: readonly unknown[]) => unknown;

const current = new AsyncLocalStorage<TransactionStart>();
const settingName = /^[a-z][a-z_]*$/;
const transactionControl = /^(BEGIN|COMMIT|ROLLBACK)\b/;

/** Runs work whose transaction, opened by Prisma somewhere within, begins as given. */
export function withTransactionStart<T>(start: TransactionStart, work: () => Promise<T>): Promise<T> {
  return current.run(start, work);
}

/** What a transaction opened within would begin with. Throws where there is none: nothing is sent without a tenant. */
export function currentStart(): TransactionStart {
  const start = current.getStore();
  if (start === undefined) throw new Error('A statement was sent outside a transaction of the tenant database.');
  return start;
}

/**
 * Binds every connection of a pool to the tenant of the transaction that uses it. Prisma opens a transaction with a
 * bare `BEGIN`; here that becomes one message that also sets the tenant, for this transaction only (`is_local`). It
 * costs no round trip of its own, and no connection remembers a tenant, even when a pooler hands it to someone else.
 * A statement outside `withTransactionStart` is refused.
 */
export function bindConnections(pool: pg.Pool, onStatement: (sql: string) => void): void {
  pool.on('connect', (connection) => {
    // Whoever uses the connection learns of it from the statement under way.
    connection.on('error', () => undefined);
    const send = connection.query.bind(connection) as Send;
    const query: Send = (statement, ...rest) => {
      const start = currentStart();
      if (statement.text === 'BEGIN') return send({ ...statement, name: undefined, text: beginText(start) }, ...rest);
      if (!transactionControl.test(statement.text)) onStatement(statement.text);
      return send(statement, ...rest);
    };
    connection.query = query as typeof connection.query;
  });
}

/** The message that begins a transaction with its settings. */
export function beginText({ readOnly, settings }: TransactionStart): string {
  const calls = settingCalls(settings, (value) => pg.escapeLiteral(value));
  const begin = readOnly ? 'BEGIN READ ONLY' : 'BEGIN READ WRITE';
  return calls.length === 0 ? begin : `${begin}; SELECT ${calls.join(', ')}`;
}

/** The calls that give the running transaction its settings. */
export function settingCalls(
  settings: TransactionStart['settings'],
  write: (value: string, index: number) => string,
): string[] {
  return Object.entries(settings).map(([name, value], index) => {
    if (!settingName.test(name)) throw new Error(`"${name}" cannot name a setting of a transaction.`);
    return `set_config('panorama.${name}', ${write(value, index)}, true)`;
  });
}
