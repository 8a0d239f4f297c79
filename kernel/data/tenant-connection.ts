import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { LastStatement } from './last-statement.ts';

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

/** What can be sent into a transaction that runs. */
interface Transaction {
  readonly send: (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
  /** Sends the last statement, and the end behind it. */
  readonly end: (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
}

const current = new AsyncLocalStorage<TransactionStart>();
/** The connections of transactions that run, each from its `BEGIN` to its end. */
const running = new WeakMap<TransactionStart, Transaction>();
const settingName = /^[a-z][a-z_]*$/;
const transactionControl = /^(BEGIN|COMMIT|ROLLBACK)\b/;
/** How Prisma ends a transaction, and nobody else: to go back to a savepoint is a longer statement. */
const transactionEnds: ReadonlySet<string> = new Set(['COMMIT', 'ROLLBACK']);

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
 * Sends a statement into a transaction that Prisma has opened, without Prisma. Throws once the transaction has ended, also
 * by its time: the connection may serve another tenant by then.
 */
export function sendWithin(start: TransactionStart, statement: pg.QueryConfig): Promise<pg.QueryResult> {
  return runningOf(start).send(statement);
}

/**
 * The like for the last statement of a transaction, which is committed in the same trip to the server: whatever locks the
 * statement takes are held no longer than it takes the server. Nothing stays of the transaction when either fails.
 */
export function endWithin(start: TransactionStart, statement: pg.QueryConfig): Promise<pg.QueryResult> {
  return runningOf(start).end(statement);
}

function runningOf(start: TransactionStart): Transaction {
  const transaction = running.get(start);
  if (!transaction) throw new Error('A statement was sent into a transaction that has ended.');
  return transaction;
}

/** Waits for all; what failed first is why those behind it did. */
async function allOf<const T extends readonly unknown[]>(sent: T): Promise<{ [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(sent);
  return await Promise.all(sent);
}

/** What Prisma is answered where nothing is sent, or not waited for. */
const answered = { rowCount: 0, rows: [] } as const;

/**
 * Binds every connection of a pool to the tenant of the transaction that uses it. Prisma opens a transaction with a
 * bare `BEGIN`; here that becomes one message that also sets the tenant, for this transaction only (`is_local`). Nobody
 * waits for its answer: the first statement goes out right behind it, and fails where it failed. No connection remembers
 * a tenant, even when a pooler hands it to someone else. A statement outside `withTransactionStart` is refused.
 *
 * @param pool With `pipeline`: what is sent does not wait for the answer to what was sent before.
 */
export function bindConnections(pool: pg.Pool, onStatement: (sql: string) => void): void {
  pool.on('connect', (connection) => {
    // Whoever uses the connection learns of it from the statement under way.
    connection.on('error', () => undefined);
    connection.query = bindQueries(connection.query.bind(connection) as Send, onStatement) as typeof connection.query;
  });
}

/** Binds what is sent by one connection. */
function bindQueries(send: Send, onStatement: (sql: string) => void): Send {
  let open: TransactionStart | undefined;
  /** `BEGIN` with the settings, until something has gone out behind it. */
  let begun: Promise<unknown> | undefined;
  /** An end that Prisma has not heard of yet. */
  let ending: Promise<unknown> | undefined;

  function serve(start: TransactionStart | undefined): void {
    if (open) running.delete(open);
    if (start) running.set(start, { send: sendBound, end });
    open = start;
  }

  async function sendBound(statement: Statement, ...rest: readonly unknown[]): Promise<pg.QueryResult> {
    const before = begun;
    begun = undefined;
    if (!transactionControl.test(statement.text)) onStatement(statement.text);
    const [, result] = await allOf([before, send(statement, ...rest) as Promise<pg.QueryResult>]);
    return result;
  }

  function end(statement: pg.QueryConfig): Promise<pg.QueryResult> {
    const before = begun;
    begun = undefined;
    onStatement(statement.text);
    const last = new Promise<pg.QueryResult>((resolve, reject) => {
      send(new LastStatement(statement, (error, result) => (error ? reject(error) : resolve(result))) as never);
    });
    serve(undefined);
    const sent = allOf([before, last]).then(([, result]) => result);
    ending = sent;
    return sent;
  }

  return (statement, ...rest) => {
    const start = currentStart();
    if (statement.text === 'BEGIN') {
      serve(start);
      begun = send({ ...statement, name: undefined, text: beginText(start) }, ...rest) as Promise<unknown>;
      begun.catch(() => undefined); // whoever sends the first statement is told
      return Promise.resolve(answered);
    }
    const isEnd = transactionEnds.has(statement.text);
    if (ending && !isEnd) throw new Error('A statement was sent into a transaction that has ended.');
    if (isEnd) serve(undefined);
    if (!ending) return sendBound(statement, ...rest);
    const ended = ending.then(
      () => answered,
      () => send({ text: 'ROLLBACK' }),
    );
    ending = undefined;
    return ended;
  };
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
