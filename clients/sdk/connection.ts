import { type BackoffBounds, pauseAfter } from './backoff.ts';
import { type ConnectionEvent, type ConnectionState, holdsSocket, transitions } from './connection-state.ts';
import { type Credentials, credentialHeaders, isRenewable, tokenIn } from './credentials.ts';
import { OperationFailed } from './failure.ts';
import { createOperations, type Operations, type Subscriber } from './operations.ts';
import { type OpenSocket, openSocket } from './socket.ts';

export interface Connection {
  readonly state: ConnectionState;
  /** Runs an operation as long as it is not stopped, over as many sockets as that takes. */
  run(subscriber: Subscriber): { stop(): void };
  /**
   * Breaks off and comes back with new credentials, where the client can get any; whether it can. For operations that
   * the server has ended because those they began with are over.
   */
  renew(): boolean;
  /** The network may be another than a moment ago: does not wait before the next attempt, and asks whether the server is there. */
  hurry(): void;
  /** There is no network, says the machine. */
  lose(): void;
  /** Breaks off and stays so; what runs waits. */
  switchOff(): void;
  switchOn(): void;
  /** Ends everything for good. */
  close(): void;
  /** Aborted by `close`. */
  readonly closing: AbortSignal;
}

export interface ConnectionOptions {
  /** Of the WebSocket. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly backoff: BackoffBounds;
  readonly WebSocket: typeof globalThis.WebSocket;
  /** How long the server may be silent before it is taken for dead; half of it is the time between two pings. */
  readonly silenceMs: number;
  readonly onState: (state: ConnectionState) => void;
}

/** Close codes after which the same client would be refused again: for its credentials, or its way of speaking. */
const refusals: Readonly<Record<number, string>> = {
  4400: 'BAD_USER_INPUT',
  4401: 'UNAUTHENTICATED',
  4403: 'FORBIDDEN',
  4406: 'BAD_USER_INPUT',
  4409: 'BAD_USER_INPUT',
};

/** One WebSocket that all subscriptions of a client share, opened with the first and closed with the last. */
export function createConnection(options: ConnectionOptions): Connection {
  const operations = createOperations();
  let state: ConnectionState = 'idle';
  let socket: OpenSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  const closing = new AbortController();
  const renewal = createRenewal(options.credentials);

  function happens(event: ConnectionEvent): void {
    const before = state;
    state = transitions[before][event];
    if (state === before) return;
    clearTimeout(timer);
    if (holdsSocket(before) && !holdsSocket(state)) {
      socket?.close();
      socket = undefined;
      operations.interruptAll();
    }
    enter[state]?.();
    options.onState(state);
  }

  const enter: Partial<Record<ConnectionState, () => void>> = {
    connecting() {
      socket = connect(options, renewal, happens, {
        received(message) {
          // Not before: a server that accepts and throws out at once is not asked again at once.
          failures = 0;
          operations.receive(message);
          if (operations.count === 0) happens('unwanted');
        },
        refused(failure) {
          happens('refused');
          operations.endAll(failure);
        },
      });
    },
    live() {
      renewal.accepted();
      operations.startAll((message) => socket?.send(message));
    },
    waiting() {
      failures += 1;
      timer = setTimeout(() => happens('due'), pauseAfter(failures, options.backoff));
    },
  };

  return {
    get state() {
      return state;
    },
    run(subscriber) {
      if (state === 'closed') queueMicrotask(() => subscriber.ended(failureOfClosed()));
      else operations.add(subscriber);
      happens('wanted');
      return {
        stop() {
          if (operations.remove(subscriber) && operations.count === 0) happens('unwanted');
        },
      };
    },
    renew() {
      if (!renewal.tryAgain()) return false;
      happens('lost');
      return true;
    },
    hurry() {
      happens('due');
      socket?.probe();
    },
    lose: () => happens('lost'),
    switchOff: () => happens('switchedOff'),
    switchOn: () => happens(operations.count > 0 ? 'switchedOn' : 'switchedOnIdle'),
    close() {
      closing.abort();
      // Before the socket goes: none of them was interrupted.
      operations.endAll(failureOfClosed());
      happens('closed');
    },
    closing: closing.signal,
  };
}

/** The failure of whoever wants something of a closed client. */
export function failureOfClosed(): OperationFailed {
  return new OperationFailed('The client was closed.', { code: 'CLOSED' });
}

/** Remembers which token was refused. One that is new is refused once and asked for again; then it is no use. */
function createRenewal(credentials: Credentials) {
  let sent: string | undefined;
  let refused: string | undefined;
  return {
    async greeting() {
      const headers = await credentialHeaders(credentials, refused);
      sent = tokenIn(headers);
      return headers;
    },
    accepted() {
      refused = undefined;
    },
    /** Notes a refusal; whether other credentials may be had. */
    tryAgain(): boolean {
      if (!isRenewable(credentials) || refused !== undefined) return false;
      refused = sent;
      return true;
    },
  };
}

function connect(
  { url, WebSocket, silenceMs }: ConnectionOptions,
  renewal: ReturnType<typeof createRenewal>,
  happens: (event: ConnectionEvent) => void,
  { received, refused }: { received: Operations['receive']; refused: (failure: OperationFailed) => void },
): OpenSocket {
  return openSocket(url, {
    WebSocket,
    silenceMs,
    greeting: renewal.greeting,
    opened: () => happens('opened'),
    received: (message) => (message.type === 'connection_ack' ? happens('acknowledged') : received(message)),
    closed(code, reason) {
      const refusal = refusals[code];
      if (refusal === undefined) return happens('lost');
      const failure = readRefusal(reason, code, refusal);
      const isOver = code === 4401 || code === 4403;
      if (isOver && renewal.tryAgain()) return happens('lost');
      refused(failure);
    },
  });
}

/** Our servers begin the reason with a code, as in `UNAUTHENTICATED: The token has expired.` */
function readRefusal(reason: string, closeCode: number, otherwise: string): OperationFailed {
  const { code = otherwise, message = reason } = /^(?<code>[A-Z_]+): (?<message>.+)$/s.exec(reason)?.groups ?? {};
  return new OperationFailed(message || `The server closed the connection: ${closeCode}.`, { code });
}
