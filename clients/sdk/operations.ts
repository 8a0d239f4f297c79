import { failureOf, type GraphqlError, type OperationFailed } from './failure.ts';
import type { GraphqlRequest } from './http.ts';
import type { ClientMessage, ServerMessage } from './socket.ts';

/** Who runs an operation over the connection, and is told what becomes of it. */
export interface Subscriber {
  /** What is sent; asked anew every time, so that a feed goes on at the cursor it has come to. */
  request(): GraphqlRequest;
  next(answer: { data?: unknown; errors?: readonly GraphqlError[] }): void;
  /** It has ended, with or without a reason. */
  ended(failure?: OperationFailed): void;
  /** The connection broke. It runs again, as a new one, when there is another, unless it is stopped. */
  interrupted(): void;
}

/** The operations that are to run, whether there is a socket or not. */
export interface Operations {
  readonly count: number;
  add(subscriber: Subscriber): void;
  /** Forgets an operation; whether there was one. Its server is told where it runs. */
  remove(subscriber: Subscriber): boolean;
  /** There is a socket: all run, and what is added later runs at once. */
  startAll(send: (message: ClientMessage) => void): void;
  /** There is none any more. */
  interruptAll(): void;
  endAll(failure: OperationFailed): void;
  receive(message: Exclude<ServerMessage, { type: 'connection_ack' }>): void;
}

/** Makes an empty list of operations. */
export function createOperations(): Operations {
  /** With the id that it has on the socket, if there is one. */
  const running = new Map<Subscriber, string | undefined>();
  const byId = new Map<string, Subscriber>();
  let send: ((message: ClientMessage) => void) | undefined;
  let nextId = 1;

  function start(subscriber: Subscriber): void {
    const id = String(nextId++);
    running.set(subscriber, id);
    byId.set(id, subscriber);
    send?.({ type: 'subscribe', id, payload: subscriber.request() });
  }

  return {
    get count() {
      return running.size;
    },
    add(subscriber) {
      running.set(subscriber, undefined);
      if (send) start(subscriber);
    },
    remove(subscriber) {
      const id = running.get(subscriber);
      if (id !== undefined) {
        byId.delete(id);
        send?.({ type: 'complete', id });
      }
      return running.delete(subscriber);
    },
    startAll(over) {
      send = over;
      for (const subscriber of [...running.keys()]) start(subscriber);
    },
    interruptAll() {
      send = undefined;
      byId.clear();
      const interrupted = [...running].filter(([, id]) => id !== undefined);
      for (const [subscriber] of interrupted) running.set(subscriber, undefined);
      for (const [subscriber] of interrupted) subscriber.interrupted();
    },
    endAll(failure) {
      const ended = [...running.keys()];
      running.clear();
      byId.clear();
      for (const subscriber of ended) subscriber.ended(failure);
    },
    receive(message) {
      const subscriber = byId.get(message.id);
      // The server may still speak of what was stopped a moment ago.
      if (subscriber === undefined) return;
      if (message.type === 'next') {
        subscriber.next(message.payload);
      } else {
        byId.delete(message.id);
        running.delete(subscriber);
        subscriber.ended(message.type === 'error' ? failureOf(message.payload) : undefined);
      }
    },
  };
}
