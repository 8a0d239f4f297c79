import { type BackoffBounds, defaultBackoff } from './backoff.ts';
import { type Connection, createConnection, failureOfClosed } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Credentials } from './credentials.ts';
import { isRenewable } from './credentials.ts';
import { type Operation, takesCursor, textOf } from './document.ts';
import { createEvents, type Events } from './events.ts';
import { mayPass, OperationFailed } from './failure.ts';
import { type FeedAnswer, openFeed, openPlainFeed } from './feed.ts';
import { createGate } from './gate.ts';
import { emptyLoop } from './handover.ts';
import { type Answer, createSender, type SenderOptions, type SendOptions } from './http.ts';
import { keepCursor } from './keep-cursor.ts';
import { hasNetwork, watchNetwork } from './page-network.ts';
import type { Fields } from './records.ts';
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
  /** Whether there is a connection; while none is wanted, whether there is a network. */
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
  /** Ends the loop. */
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
  /**
   * Keeps the records of these types here, to read and change them without a network. Once per client.
   *
   * @throws {OperationFailed} `STORAGE_FAILED`
   */
  sync<Types extends object = Readonly<Record<string, Fields>>>(
    entities: readonly (keyof NoInfer<Types> & string)[],
  ): Promise<Sync<Types>>;
  on: Events<ClientEvents>['on'];
  readonly online: boolean;
  /** Works without the network until `goOnline`, even if there is one. */
  goOffline(): void;
  goOnline(): void;
  close(): Promise<void>;
}

const defaultSilenceMs = 30_000;
const defaultAttempts = 5;

/** States that settle whether there is a connection; others are on the way to one, or nobody has asked for one yet. */
const onlineIn: Partial<Record<ConnectionState, boolean>> = {
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
  const gate = createGate();
  let online = hasNetwork();
  const judge = (state: ConnectionState) => {
    const now = state === 'idle' ? hasNetwork() : (onlineIn[state] ?? online);
    if (now === online) return;
    online = now;
    events.tell('online', online);
    if (online) synced?.retry();
  };
  const connection = createConnection({
    url: socketUrl(url),
    credentials: options,
    backoff,
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    silenceMs: options.silenceMs ?? defaultSilenceMs,
    onState(state) {
      gate.set(state !== 'offline');
      judge(state);
    },
  });
  let synced: Sync | undefined;
  let opening: Promise<Sync> | undefined;
  const http: SenderOptions = {
    url,
    credentials: options,
    fetch: options.fetch ?? globalThis.fetch,
    backoff,
    attempts: options.attempts ?? defaultAttempts,
    standstill: () => standstillOf(connection.state),
    closing: connection.closing,
  };
  const send = createSender(http);
  const unwatch = watchNetwork(connection, () => judge(connection.state));

  return {
    query: (operation, variables, sending) => send({ query: textOf(operation), variables: variables ?? {} }, sending),
    mutate: (operation, variables, { idempotencyKey = uniqueId(), ...sending } = {}) =>
      send(
        { query: textOf(operation), variables: variables ?? {} },
        { ...sending, headers: { ...sending.headers, 'idempotency-key': idempotencyKey } },
      ),
    subscribe: (operation, variables, following) =>
      subscribe({ connection, storage, backoff }, textOf(operation), { ...variables }, following),
    async sync<Types extends object>(entities: readonly (keyof NoInfer<Types> & string)[]) {
      if (opening) throw new TypeError('The client keeps records already; name all their types at once.');
      const server = createSyncServer(createSender({ ...http, attempts: 1 }), connection, backoff);
      // Another token may be had at any time, so that this one is refused passes as well.
      const passes = (failure: OperationFailed) =>
        mayPass(failure) || (failure.code === 'UNAUTHENTICATED' && isRenewable(options));
      opening = openSync({ entities, storage, server, events, backoff, mayPass: passes, gate });
      opening.catch(() => {
        opening = undefined;
      });
      synced = await opening;
      // What the data hold is known to whoever named the types, and to nobody here.
      return synced as unknown as Sync<Types>;
    },
    on: events.on,
    get online() {
      return online;
    },
    goOffline: connection.switchOff,
    goOnline: connection.switchOn,
    async close() {
      unwatch();
      // First, so that it does not take the end of the connection for a failure.
      const stopped = synced?.close();
      connection.close();
      await (stopped ?? opening?.then((records) => records.close()).catch(() => undefined));
      await storage.close();
    },
  };
}

function subscribe<Data>(
  parts: { readonly connection: Connection; readonly storage: Storage; readonly backoff: BackoffBounds },
  query: string,
  variables: Readonly<Record<string, unknown>>,
  { after, resumeAs, signal }: SubscribeOptions = {},
): AsyncIterableIterator<FeedAnswer<Data>> {
  const { connection, storage, backoff } = parts;
  if (signal?.aborted) return emptyLoop();
  if (!takesCursor(query)) {
    if (resumeAs === undefined) return openPlainFeed(connection, { query, variables, signal });
    throw new TypeError('Only a subscription with a variable $after can be kept under a name.');
  }
  const open = (from: string | undefined) =>
    signal?.aborted
      ? emptyLoop<FeedAnswer<Data>>()
      : openFeed<Data>(connection, { query, variables, after: from, signal, backoff });
  return resumeAs === undefined ? open(after) : keepCursor(storage, `feed/${resumeAs}`, after, open);
}

/** Why nothing is sent in a state of the connection. */
function standstillOf(state: ConnectionState): OperationFailed | undefined {
  if (state === 'closed') return failureOfClosed();
  return state === 'offline' ? new OperationFailed('The client is off line.', { code: 'OFFLINE' }) : undefined;
}

function socketUrl(url: string): string {
  const { href } = new URL(url, (globalThis as { location?: { readonly href: string } }).location?.href);
  return href.replace(/^http/, 'ws');
}
