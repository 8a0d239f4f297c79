import { createHash } from 'node:crypto';
import pg from 'pg';
import { DatabaseUnreachable } from './database-errors.ts';
import { currentStart, endWithin, sendWithin, settingCalls, type TransactionStart } from './tenant-connection.ts';

/** What is used here of a connection's messages (the extended query protocol of Postgres). */
interface Messages {
  readonly stream: { cork(): void; uncork(): void };
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(portal: { readonly portal: string; readonly statement: string; readonly values: readonly string[] }): void;
  execute(portal: { readonly portal: string; readonly rows: number }): void;
}

/** The part of `pg.Query` that its type leaves out. */
interface QueryEvents {
  submit(connection: Messages): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Messages): void;
}
const { submit, handleDataRow, handleCommandComplete } = pg.Query.prototype as unknown as QueryEvents;

/**
 * A statement that is a read-only transaction by itself, with settings that end with it. The settings and the statement
 * go out together and only then is the exchange closed (`Sync`), which makes them one implicit transaction: one round
 * trip instead of those of BEGIN, statement and COMMIT. The statement is planned and run after the settings are in
 * place, and is not run at all when they fail.
 */
class BoundRead extends pg.Query {
  readonly #start: TransactionStart;
  #isSet = false;

  constructor(
    start: TransactionStart,
    config: pg.QueryConfig,
    callback: (error: Error | undefined, result: pg.QueryResult) => void,
  ) {
    // Only the extended protocol leaves the transaction open for the statement.
    super({ ...config, queryMode: 'extended' } as pg.QueryConfig, callback as never);
    this.#start = start;
  }

  override submit = (connection: unknown): Error | null => {
    const messages = connection as Messages;
    const { settings } = this.#start;
    const calls = settingCalls(settings, (_, index) => `$${index + 1}`);
    messages.stream.cork();
    messages.parse({
      name: '',
      text: `SELECT ${["set_config('transaction_read_only', 'on', true)", ...calls].join(', ')}`,
    });
    messages.bind({ portal: '', statement: '', values: Object.values(settings) });
    messages.execute({ portal: '', rows: 0 });
    const refusal = submit.call(this as never, messages);
    messages.stream.uncork();
    return refusal;
  };

  /** The first row and the first end of a command are those of the settings. */
  handleDataRow(message: unknown): void {
    if (this.#isSet) handleDataRow.call(this as never, message);
  }

  handleCommandComplete(message: unknown, connection: Messages): void {
    if (this.#isSet) handleCommandComplete.call(this as never, message, connection);
    this.#isSet = true;
  }
}

/**
 * Not there, there already, and outlived by its table. The first two come from poolers that hand a server's connection
 * from one client to another without its prepared statements (PgBouncer before 1.21).
 */
const lostStatement = new Set(['26000', '42P05', '0A000']);

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, BigInt],
  [pg.types.builtins.DATE, (text) => new Date(`${text}T00:00:00Z`)],
]);
/** Values as Prisma's clients give them. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text'),
};

interface SqlText {
  readonly text: string;
  readonly values: unknown[];
}

/** Thrown where a prepared statement was not there any more: none is used from then on, and the work can be run again. */
export class StatementLost extends Error {}

/**
 * A pool whose own `query`, which is what Prisma sends statements with outside its transactions, makes each statement a
 * read-only transaction of the tenant that it was sent for.
 */
export class BoundPool extends pg.Pool {
  readonly #names = new Map<string, string>();
  #keepsStatements = true;

  // The pool's many forms of `query` come down to this one, the only one that Prisma's adapter uses.
  override query = ((config: pg.QueryConfig) => this.#read(config)) as pg.Pool['query'];

  /** Sends a statement without Prisma, planned once per connection; its values are to be no part of its text. */
  async findRows(statement: SqlText): Promise<readonly object[]> {
    try {
      return await this.#rowsOf(statement, (config) => this.#read(config));
    } catch (error) {
      if (error instanceof StatementLost) return await this.findRows(statement);
      throw error;
    }
  }

  /** The like in a transaction that Prisma has opened. Throws `StatementLost` where that has to be run again. */
  findRowsWithin(start: TransactionStart, statement: SqlText): Promise<readonly object[]> {
    return this.#rowsOf(statement, (config) => sendWithin(start, config));
  }

  /** The same for the last statement of the transaction, which is committed with it. */
  endWith(start: TransactionStart, statement: SqlText): Promise<readonly object[]> {
    return this.#rowsOf(statement, (config) => endWithin(start, config));
  }

  async #rowsOf(
    { text, values }: SqlText,
    send: (config: pg.QueryConfig) => Promise<pg.QueryResult>,
  ): Promise<readonly object[]> {
    const config = { text, values, types };
    const isNamed = this.#keepsStatements;
    try {
      return (await send(isNamed ? { ...config, name: this.#nameOf(text) } : config)).rows;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw new DatabaseUnreachable('No answer came.', { cause: error });
      if (!isNamed || !lostStatement.has(error.code ?? '')) throw error;
      this.#keepsStatements = false;
      throw new StatementLost('A prepared statement is gone.', { cause: error });
    }
  }

  /** A name that is made from the text: whoever has prepared a statement of this name has prepared this one. */
  #nameOf(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = createHash('sha256').update(text).digest('base64url');
    this.#names.set(text, name);
    return name;
  }

  async #read(config: pg.QueryConfig): Promise<pg.QueryResult> {
    const start = currentStart();
    if (!start.readOnly) throw new Error('A statement that writes was sent outside its transaction.');
    const connection = await this.connect();
    try {
      const result = await new Promise<pg.QueryResult>((resolve, reject) => {
        connection.query(new BoundRead(start, config, (error, rows) => (error ? reject(error) : resolve(rows))));
      });
      connection.release();
      return result;
    } catch (error) {
      // After an error of the statement the connection is as good as before. After any other, which a server that is
      // about to hang up gives as well (FATAL), it is not used again.
      connection.release(!(error instanceof pg.DatabaseError && error.severity === 'ERROR'));
      throw error;
    }
  }
}
