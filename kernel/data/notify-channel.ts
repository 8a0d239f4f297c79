import pg from 'pg';

export interface NotifyChannelOptions {
  /** Direct, not through a transaction pooler: what listens is a session. */
  readonly databaseUrl: string;
  /** The name of the channel. */
  readonly channel: string;
  readonly onFailure: (error: unknown) => void;
  /** How long to wait before a lost connection is made anew, in milliseconds; 1,000 by default. */
  readonly retryMs?: number | undefined;
}

/** Short texts for all who listen on the same database (NOTIFY and LISTEN); they may be lost. */
export interface NotifyChannel {
  /** At most 8,000 bytes, which is what Postgres takes. */
  send(text: string): Promise<void>;
  /** Hears all texts, those of this process too. Called once; a lost connection is made again. */
  listen(onText: (text: string) => void): void;
  stop(): Promise<void>;
}

/**
 * Opens a channel on one connection of its own, made when it is first needed. To notify within a transaction that writes
 * would make all such transactions of the server wait for each other; here a text is a transaction that waits for no disk.
 */
export function openNotifyChannel(options: NotifyChannelOptions): NotifyChannel {
  const { databaseUrl, channel, onFailure, retryMs = 1_000 } = options;
  let connecting: Promise<pg.Client> | undefined;
  let hear: ((text: string) => void) | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;
  /** Statements go out one after the other. */
  let last: Promise<unknown> = Promise.resolve();

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
      application_name: 'panorama-hints',
    });
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => hear?.(payload ?? ''));
    try {
      await client.connect();
      await client.query('SET synchronous_commit = off');
      if (hear) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    client.once('end', lose);
    return client;
  }

  function open(): Promise<pg.Client> {
    connecting ??= connect().catch((error: unknown) => {
      lose();
      throw error;
    });
    return connecting;
  }

  function lose(): void {
    connecting = undefined;
    if (!hear || isStopped) return;
    retry ??= setTimeout(() => {
      retry = undefined;
      open().catch(onFailure);
    }, retryMs).unref();
  }

  function query(text: string, values: readonly string[] = []): Promise<unknown> {
    const sending = last.then(async () => isStopped || (await open()).query(text, [...values]));
    last = sending.catch(() => undefined);
    return sending;
  }

  return {
    async send(text) {
      await query('SELECT pg_notify($1, $2)', [channel, text]);
    },
    listen(onText) {
      hear = onText;
      // Twice does no harm: a connection that is made from here on listens by itself.
      query(`LISTEN ${pg.escapeIdentifier(channel)}`).catch(onFailure);
    },
    async stop() {
      isStopped = true;
      clearTimeout(retry);
      await last;
      const client = await connecting?.catch(() => undefined);
      await client?.end();
    },
  };
}
