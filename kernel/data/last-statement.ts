import pg from 'pg';

/** What is used here of a connection's messages (the extended query protocol of Postgres). */
interface Messages {
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(portal: { readonly portal: string; readonly statement: string; readonly values: readonly string[] }): void;
  execute(portal: { readonly portal: string; readonly rows: number }): void;
  sync(): void;
}

/** The part of `pg.Query` that its type leaves out. */
interface QueryEvents {
  handleCommandComplete(message: unknown, connection: Messages): void;
}
const { handleCommandComplete } = pg.Query.prototype as unknown as QueryEvents;

/**
 * The last statement of a transaction with the `COMMIT` behind it, in one exchange: the server does not come to `COMMIT`
 * when the statement fails, and neither is sent when the values of the statement cannot be.
 */
export class LastStatement extends pg.Query {
  #isRun = false;

  constructor(config: pg.QueryConfig, callback: (error: Error | undefined, result: pg.QueryResult) => void) {
    // Only the extended protocol takes two statements in one exchange.
    super({ ...config, queryMode: 'extended' } as pg.QueryConfig, callback as never);
  }

  /** Called where the statement is ready to be run. */
  _getRows(connection: Messages): void {
    const here = { portal: '', rows: 0 };
    connection.execute(here);
    connection.parse({ name: '', text: 'COMMIT' });
    connection.bind({ portal: '', statement: '', values: [] });
    connection.execute(here);
    connection.sync();
  }

  /** The first end of a command is that of the statement. */
  handleCommandComplete(message: unknown, connection: Messages): void {
    if (!this.#isRun) handleCommandComplete.call(this as never, message, connection);
    this.#isRun = true;
  }
}
