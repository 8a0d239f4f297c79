import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import type { TenantId } from '../tenancy/ids.ts';
import type { TenantScope } from '../tenancy/request-context.ts';
import { BoundPool, StatementLost } from './bound-read.ts';
import { isTransientConflict } from './database-errors.ts';
import { bindConnections, type TransactionStart, withTransactionStart } from './tenant-connection.ts';

/** What every generated Prisma client has and this file uses. The kernel knows no app's client. */
export interface PrismaClientLike {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
  $transaction(...args: never[]): Promise<unknown>;
  $disconnect(): Promise<void>;
}

interface InteractiveTransactions<Transaction> {
  $transaction<T>(
    work: (client: Transaction) => Promise<T>,
    options: { readonly maxWait: number; readonly timeout: number },
  ): Promise<T>;
}

type WithoutFindUnique<Model> = Model extends { findUnique: unknown }
  ? Omit<Model, 'findUnique' | 'findUniqueOrThrow'>
  : Model;

/**
 * A Prisma client inside a transaction. It has no `findUnique`: outside its own transactions, where reads are sent,
 * Prisma joins the calls of one tick into one statement, whatever tenant each is for. Use `findFirst`.
 */
export type TransactionClient<Client> = {
  readonly [Name in Exclude<
    keyof Client,
    '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'
  >]: WithoutFindUnique<Client[Name]>;
};

/** A statement with `$1`, `$2`, ... in its text, as the `Prisma.sql` of every app's client makes it. */
export interface SqlStatement {
  readonly text: string;
  readonly values: unknown[];
}

/** A transaction bound to one tenant: the only way to an app's rows. */
export interface TenantTransaction<Client extends PrismaClientLike> {
  readonly tenantId: TenantId;
  readonly client: TransactionClient<Client>;
  /**
   * Finds or writes rows by a statement of one's own. It takes a quarter of the processor time of Prisma's `findMany` or
   * `$queryRaw`: it is for what every request asks. Values come as Prisma gives them: `bigint` and `Date`.
   */
  readonly rows: <Row extends object>(statement: SqlStatement) => Promise<Row[]>;
}

/** A transaction that may write. */
export interface WritingTransaction<Client extends PrismaClientLike> extends TenantTransaction<Client> {
  /** Sends the last statement and commits, in one trip to the server; nothing can be sent after it. */
  readonly end: (statement: SqlStatement) => Promise<void>;
}

/** A transaction without a tenant, as `lookUp` opens it. */
export interface LookUpTransaction<Client extends PrismaClientLike> {
  readonly client: TransactionClient<Client>;
}

/** The database of one app, reached only in the name of a tenant. */
export interface TenantDatabase<Client extends PrismaClientLike> {
  /**
   * Runs work that sees the rows of one tenant. Each of its statements is a read-only transaction by itself: together
   * they would not see one state either, at the level of isolation that Postgres has by default. Further settings are
   * for policies that look at more than the tenant: `{ search }` is read as `panorama.search`.
   */
  read<T>(
    scope: TenantScope,
    work: (transaction: TenantTransaction<Client>) => Promise<T>,
    settings?: Readonly<Record<string, string>>,
  ): Promise<T>;
  /**
   * Runs work in a transaction that sees and writes the rows of one tenant. After a deadlock or serialization failure
   * it is run again, up to three times, so it must not do anything that the rollback does not undo.
   */
  write<T>(scope: TenantScope, work: (transaction: WritingTransaction<Client>) => Promise<T>): Promise<T>;
  /**
   * Runs work in a read-only transaction without a tenant, for what must be found before the tenant is known. It sees
   * only rows that a policy shows by the given settings: `{ key_digest }` is read as `panorama.key_digest`.
   */
  lookUp<T>(
    settings: Readonly<Record<string, string>>,
    work: (transaction: LookUpTransaction<Client>) => Promise<T>,
  ): Promise<T>;
  /** Waits for running transactions and closes the connections. Calling it again changes nothing. */
  stop(): Promise<void>;
}

/** A database that cannot be written to. */
export type TenantReads<Client extends PrismaClientLike> = Pick<TenantDatabase<Client>, 'read' | 'lookUp'>;

export interface TenantDatabaseOptions<Client extends PrismaClientLike> {
  /** Of the app's role, with `?schema=`, as `connectionStringFor` makes it. */
  readonly connectionString: string;
  /** Makes the app's generated client: `(adapter) => new PrismaClient({ adapter })`. */
  readonly createClient: (adapter: PrismaPg) => Client;
  /** How many connections at most. */
  readonly poolSize: number;
  /** How long a transaction waits for one of them, or for the server; 5,000 by default. */
  readonly connectionTimeoutMillis?: number | undefined;
  /** How long a transaction, or one statement, may take; 10,000 by default. */
  readonly transactionTimeoutMillis?: number | undefined;
  /** Sees the text of every statement of the work itself; not BEGIN, COMMIT and ROLLBACK. */
  readonly onStatement?: ((sql: string) => void) | undefined;
}

const writeAttempts = 4;

/**
 * Opens the database of one app. Connections are made when first needed.
 *
 * @throws when the connection string names no schema
 */
export function createTenantDatabase<Client extends PrismaClientLike>(
  options: TenantDatabaseOptions<Client>,
): TenantDatabase<Client> {
  const schema = new URL(options.connectionString).searchParams.get('schema');
  if (schema === null) throw new Error('The connection string of an app must name its schema: ?schema=<app>');
  const connectionTimeoutMillis = options.connectionTimeoutMillis ?? 5_000;
  const transactionTimeoutMillis = options.transactionTimeoutMillis ?? 10_000;
  const limits = { maxWait: connectionTimeoutMillis, timeout: transactionTimeoutMillis };
  const pool = createPool({ ...options, connectionTimeoutMillis, transactionTimeoutMillis }, schema);
  const client = options.createClient(new PrismaPg(pool, { schema }));

  // Every client has this form of `$transaction`; `PrismaClientLike` cannot say it, because it also has others.
  const prisma = client as unknown as InteractiveTransactions<TransactionClient<Client>>;
  const reading = client as unknown as TransactionClient<Client>;
  function transact<T>(start: TransactionStart, work: (client: TransactionClient<Client>) => Promise<T>): Promise<T> {
    return withTransactionStart(start, () => prisma.$transaction(work, limits));
  }

  const findRows = async <Row extends object>(statement: SqlStatement) => (await pool.findRows(statement)) as Row[];
  const writing = async <T>(tenantId: TenantId, work: (tx: WritingTransaction<Client>) => Promise<T>) => {
    const start = { readOnly: false, settings: { tenant_id: tenantId } };
    const rows = async <Row extends object>(statement: SqlStatement) =>
      (await pool.findRowsWithin(start, statement)) as Row[];
    const done: { value?: Promise<T>; committing?: Promise<unknown> } = {};
    const end = async (statement: SqlStatement) => {
      done.committing = pool.endWith(start, statement);
      await done.committing;
    };
    try {
      return await transact(start, (tx) => (done.value = work({ tenantId, client: tx, rows, end })));
    } catch (error) {
      // What the database has committed is done, whatever Prisma says of the time that it took.
      const [committed] = await Promise.allSettled([done.committing]);
      if (!done.value || !done.committing || committed.status === 'rejected') throw error;
      return await done.value;
    }
  };
  let stopped: Promise<void> | undefined;
  return Object.freeze<TenantDatabase<Client>>({
    read: ({ tenantId }, work, settings) =>
      withTransactionStart({ readOnly: true, settings: { ...settings, tenant_id: tenantId } }, async () =>
        work({ tenantId, client: reading, rows: findRows }),
      ),
    write: ({ tenantId }, work) => retryConflicts(() => writing(tenantId, work)),
    lookUp: async (settings, work) => {
      if ('tenant_id' in settings) throw new Error('A look-up has no tenant; use `read`.');
      return transact({ readOnly: true, settings: { ...settings, tenant_id: '' } }, (tx) => work({ client: tx }));
    },
    stop: () => (stopped ??= client.$disconnect().then(() => pool.end())),
  });
}

type PoolOptions = Omit<TenantDatabaseOptions<PrismaClientLike>, 'createClient'>;

function createPool(options: PoolOptions, schema: string): BoundPool {
  const pool = new BoundPool({
    connectionString: options.connectionString,
    max: options.poolSize,
    // Without it, a caller waits for ever when the server is gone.
    connectionTimeoutMillis: options.connectionTimeoutMillis,
    query_timeout: options.transactionTimeoutMillis,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    pipeline: true,
    application_name: `panorama-${schema}`,
  });
  // The pool has already dropped the idle connection that broke, and opens another for the next caller.
  pool.on('error', () => undefined);
  bindConnections(pool, options.onStatement ?? (() => undefined));
  return pool;
}

const mayPassAgain = (error: unknown) => error instanceof StatementLost || isTransientConflict(error);

async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === writeAttempts || !mayPassAgain(error)) throw error;
      await sleep(Math.random() * 20 * 2 ** attempts); // spread, so that the same two do not meet again
    }
  }
}
