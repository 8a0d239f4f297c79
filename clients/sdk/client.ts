import { type BackoffBounds, defaultBackoff } from './backoff.ts';
import { type Connection, createConnection } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Credentials } from './credentials.ts';
import { type Operation, takesCursor, textOf } from './document.ts';
import { createEvents, type Events } from './events.ts';
import { OperationFailed } from './failure.ts';
import { type FeedAnswer, openFeed, openPlainFeed } from './feed.ts';
import { type Answer, createSender, type SenderOptions, type SendOptions } from './http.ts';
import { keepCursor } from './keep-cursor.ts';
import { createMemoryStorage, type Storage } from './storage.ts';
import { openSync, type Sync } from './sync.ts';
import type { SyncEvents } from './sync-context.ts';
import { createSyncServer } from './sync-server.ts';
import { uniqueId } from './unique-id.ts';

export interface ClientOptions extends Credentials {
  /** Of the endpoint: `https://api.example.com/graphql`. The WebSocket is at the same place. */
  readonly url: string;
  /** Where cursors, records and the queue are kept; in memory by default. One for each identity. */
  readonly storage?: Storage | undefined;
  readonly backoff?: BackoffBounds | undefined;
  /** How often a query or a mutation is sent at most; 5 by default. */
  readonly attempts?: number | undefined;
  /** How long the server may be silent on the WebSocket; 30,000 by default. */
  readonly silenceMs?: number | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly WebSocket?: typeof globalThis.WebSocket | undefined;
}

/** What a client tells. */
export interface ClientEvents extends SyncEvents {
  /** Whether there is a connection. */
  readonly online: boolean;
}

export interface MutateOptions extends SendOptions {
  /** Stands for this one mutation, however often it is sent; made by default. */
  readonly idempotencyKey?: string | undefined;
}

export interface SubscribeOptions {
  /** A cursor to start after; without one it starts now. */
  readonly after?: string | undefined;
  /** Keeps the cursor in the storage under this name, and starts at what is kept there. */
  readonly resumeAs?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The platform, from the outside. */
export interface Client {
  query<Data = unknown, Variables extends object = object>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
    options?: SendOptions,
  ): Promise<Answer<Data>>;
  /** Sends a mutation as often as it takes; it is applied once. */
  mutate<Data = unknown, Variables extends object = object>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
    options?: MutateOptions,
  ): Promise<Answer<Data>>;
  /** The answers of a subscription. One that has a variable `$after` goes on over any interruption, without a gap. */
  subscribe<Data = unknown, Variables extends object = object>(
    operation: Operation<Data, Variables>,
    variables?: Omit<Variables, 'after'>,
    options?: SubscribeOptions,
  ): AsyncIterableIterator<FeedAnswer<Data>>;
  /** Keeps the records of these types here, to read and change them without a network. Once per client. */
  sync(entities: readonly string[]): Promise<Sync>;
  on: Events<ClientEvents>['on'];
  readonly online: boolean;
  /** Works without the network until `goOnline`, even if there is one. */
  goOffline(): void;
  goOnline(): void;
  close(): Promise<void>;
}

const defaultSilenceMs = 30_000;
const defaultAttempts = 5;

/** States that settle whether there is a connection; others are on the way to one. */
const onlineIn: Partial<Record<ConnectionState, boolean>> = {
  idle: true,
  live: true,
  waiting: false,
  offline: false,
  refused: false,
  closed: false,
};

/** Makes a client. It opens nothing until it is asked for something. */
export function createClient(options: ClientOptions): Client {
  const { url, storage = createMemoryStorage(), backoff = defaultBackoff } = options;
  const events = createEvents<ClientEvents>();
  const http: SenderOptions = {
    url,
    credentials: options,
    fetch: options.fetch ?? globalThis.fetch,
    backoff,
    attempts: options.attempts ?? defaultAttempts,
  };
  let online = true;
  const connection = createConnection({
    url: socketUrl(url),
    credentials: options,
    backoff,
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    silenceMs: options.silenceMs ?? defaultSilenceMs,
    onState(state) {
      const now = onlineIn[state] ?? online;
      if (now === online) return;
      online = now;
      events.tell('online', online);
      if (online) synced?.retry();
    },
  });
  let synced: Sync | undefined;
  const send = whileOn(connection, createSender(http));
  const sendOnce = whileOn(connection, createSender({ ...http, attempts: 1 }));
  const unwatch = watchNetwork(connection);

  return {
    query: (operation, variables, sending) => send({ query: textOf(operation), variables: variables ?? {} }, sending),
    mutate: (operation, variables, { idempotencyKey = uniqueId(), ...sending } = {}) =>
      send(
        { query: textOf(operation), variables: variables ?? {} },
        { ...sending, headers: { ...sending.headers, 'idempotency-key': idempotencyKey } },
      ),
    subscribe: (operation, variables, following) =>
      subscribe({ connection, storage, backoff }, textOf(operation), { ...variables }, following),
    async sync(entities) {
      if (synced) throw new TypeError('The client keeps records already; name all their types at once.');
      const server = createSyncServer(sendOnce, connection, backoff);
      synced = await openSync({ entities, storage, server, events, backoff });
      return synced;
    },
    on: events.on,
    get online() {
      return online;
    },
    goOffline: connection.switchOff,
    goOnline: connection.switchOn,
    async close() {
      unwatch();
      connection.close();
      await synced?.close();
      await storage.close();
    },
  };
}

/** Sends nothing while the client is switched off. */
function whileOn(connection: Connection, send: ReturnType<typeof createSender>): ReturnType<typeof createSender> {
  return (request, options) => {
    if (connection.state !== 'offline') return send(request, options);
    return Promise.reject(new OperationFailed('The client is off line.', { code: 'OFFLINE' }));
  };
}

/** A browser says when the network is back: then nobody waits for the end of a pause. */
function watchNetwork(connection: Connection): () => void {
  const page = globalThis as Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;
  page.addEventListener?.('online', connection.hurry);
  return () => page.removeEventListener?.('online', connection.hurry);
}

function subscribe<Data>(
  parts: { readonly connection: Connection; readonly storage: Storage; readonly backoff: BackoffBounds },
  query: string,
  variables: Readonly<Record<string, unknown>>,
  { after, resumeAs, signal }: SubscribeOptions = {},
): AsyncIterableIterator<FeedAnswer<Data>> {
  const { connection, storage, backoff } = parts;
  if (!takesCursor(query)) {
    if (resumeAs === undefined) return openPlainFeed(connection, { query, variables });
    throw new TypeError('Only a subscription with a variable $after can be kept under a name.');
  }
  const open = (from: string | undefined) => openFeed<Data>(connection, { query, variables, after: from, backoff });
  const feed = resumeAs === undefined ? open(after) : keepCursor(storage, `feed/${resumeAs}`, after, open);
  signal?.addEventListener('abort', () => void feed.return?.(), { once: true });
  return feed;
}

function socketUrl(url: string): string {
  const { href } = new URL(url, (globalThis as { location?: { readonly href: string } }).location?.href);
  return href.replace(/^http/, 'ws');
}
