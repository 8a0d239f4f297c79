import { type BackoffBounds, pauseAfter } from './backoff.ts';
import { type ConnectionEvent, type ConnectionState, holdsSocket, transitions } from './connection-state.ts';
import { type Credentials, credentialHeaders } from './credentials.ts';
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
  /** Does not wait any longer before the next attempt. */
  hurry(): void;
  /** Breaks off and stays so; what runs waits. */
  switchOff(): void;
  switchOn(): void;
  /** Ends everything for good. */
  close(): void;
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
      socket = connect(options, happens, {
        isOver: () => state === 'live' && isRenewable(options.credentials),
        received(message) {
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
      failures = 0;
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
      operations.add(subscriber);
      happens('wanted');
      return {
        stop() {
          if (operations.remove(subscriber) && operations.count === 0) happens('unwanted');
        },
      };
    },
    renew() {
      if (!isRenewable(options.credentials)) return false;
      happens('lost');
      return true;
    },
    hurry: () => happens('due'),
    switchOff: () => happens('switchedOff'),
    switchOn: () => happens(operations.count > 0 ? 'switchedOn' : 'switchedOnIdle'),
    close() {
      happens('closed');
      operations.endAll(new OperationFailed('The client was closed.', { code: 'CLOSED' }));
    },
  };
}

function isRenewable({ token }: Credentials): boolean {
  return typeof token === 'function';
}

interface Listener {
  /** Whether credentials that are refused were good before, so that others may be good now. */
  readonly isOver: () => boolean;
  readonly received: Operations['receive'];
  readonly refused: (failure: OperationFailed) => void;
}

function connect(
  { url, WebSocket, silenceMs, credentials }: ConnectionOptions,
  happens: (event: ConnectionEvent) => void,
  { isOver, received, refused }: Listener,
): OpenSocket {
  return openSocket(url, {
    WebSocket,
    silenceMs,
    greeting: () => credentialHeaders(credentials),
    opened: () => happens('opened'),
    received: (message) => (message.type === 'connection_ack' ? happens('acknowledged') : received(message)),
    closed(code, reason) {
      const refusal = refusals[code];
      if (refusal === undefined || isOver()) return happens('lost');
      refused(new OperationFailed(reason || `The server closed the connection: ${code}.`, { code: refusal }));
    },
  });
}
